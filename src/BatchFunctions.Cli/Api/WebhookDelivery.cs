using System.Text.Json;
using System.Text.Json.Serialization;

namespace BatchFunctions.Cli.Api;

/// <summary>An event on its way to a webhook, and what became of it.</summary>
internal sealed record WebhookDelivery
{
    public string Id { get; init; } = "";

    public string? WebhookId { get; init; }

    public string Type { get; init; } = "";

    public string BatchId { get; init; } = "";

    public long CreatedAt { get; init; }

    public string Status { get; init; } = "";

    public int Attempts { get; init; }

    public int? LastStatus { get; init; }

    public string? LastError { get; init; }

    public long? NextAttemptAt { get; init; }

    /// <summary>The service's own JSON.</summary>
    [JsonIgnore]
    public JsonElement Json { get; init; }

    /// <summary>What came of the last attempt: a status, or why there was no answer; null where there was no attempt.</summary>
    [JsonIgnore]
    public string? Last => LastError ?? (LastStatus is { } status ? status.ToString(System.Globalization.CultureInfo.InvariantCulture) : null);

    /// <summary>Reads a delivery.</summary>
    /// <exception cref="JsonException">The JSON is no such object.</exception>
    public static WebhookDelivery Read(JsonElement json) => json.Deserialize(ApiJson.Default.WebhookDelivery)! with { Json = json };

    /// <summary>Reads a page of deliveries.</summary>
    /// <exception cref="JsonException">The JSON is no such list.</exception>
    public static IReadOnlyList<WebhookDelivery> ReadAll(JsonElement json) => ApiLists.Read(json, Read);
}
