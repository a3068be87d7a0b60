using System.Text.Json;
using System.Text.Json.Serialization;

namespace BatchFunctions.Cli.Api;

/// <summary>An endpoint that events of batches are sent to, as BatchFunctions returns it; other services have no such operation.</summary>
internal sealed record Webhook
{
    public string Id { get; init; } = "";

    public string Url { get; init; } = "";

    public IReadOnlyList<string> Events { get; init; } = [];

    public string? Name { get; init; }

    public string Status { get; init; } = "";

    public long? FailingSince { get; init; }

    public long? DisabledAt { get; init; }

    public string? DisabledReason { get; init; }

    /// <summary>What events are signed with, while it is new.</summary>
    public string? Secret { get; init; }

    /// <summary>The service's own JSON.</summary>
    [JsonIgnore]
    public JsonElement Json { get; init; }

    /// <summary>Reads a webhook.</summary>
    /// <exception cref="JsonException">The JSON is no such object.</exception>
    public static Webhook Read(JsonElement json) => json.Deserialize(ApiJson.Default.Webhook)! with { Json = json };

    /// <summary>Reads all webhooks.</summary>
    /// <exception cref="JsonException">The JSON is no such list.</exception>
    public static IReadOnlyList<Webhook> ReadAll(JsonElement json) => ApiLists.Read(json, Read);
}

/// <summary>What is to change of a webhook, or what a new one is to be.</summary>
internal sealed record WebhookRequest
{
    public string? Url { get; init; }

    public IReadOnlyList<string>? Events { get; init; }

    public string? Name { get; init; }

    public string? Status { get; init; }
}

/// <summary>What a webhook is tested with.</summary>
internal sealed record WebhookTest(string? Type);
