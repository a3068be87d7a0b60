using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using BatchFunctions.Http;

namespace BatchFunctions.Webhooks;

/// <summary>A webhook as the API returns it. Its secret is shown when it is new, and never again.</summary>
internal sealed class WebhookObject
{
    /// <summary>The status of a webhook that events are sent to.</summary>
    public const string Enabled = "enabled";

    /// <summary>The status of a webhook that nothing is sent to.</summary>
    public const string Disabled = "disabled";

    private const string Kind = "webhook";

    private readonly Webhook _webhook;

    /// <param name="webhook">The webhook.</param>
    /// <param name="showsSecret">Whether its secret is new.</param>
    internal WebhookObject(Webhook webhook, bool showsSecret = false)
    {
        _webhook = webhook;
        Secret = showsSecret ? webhook.Secret : null;
    }

    [Example("webhook_019a00000000aaaaaaaaaaaaaaaaaaaa")]
    public string Id => _webhook.Id;

    [AllowedValues(Kind)]
    public string Object { get; } = Kind;

    [Description("Where events are sent.")]
    public string Url => _webhook.Url;

    [Description("The types of events that are sent.")]
    public IReadOnlyList<string> Events => _webhook.Events;

    [Description("As it was given.")]
    public string? Name => _webhook.Name;

    [WebhookStatuses]
    public string Status => _webhook.IsEnabled ? Enabled : Disabled;

    [Description("When it was made (Unix seconds)")]
    public long CreatedAt => _webhook.CreatedAt.ToUnixTimeSeconds();

    [Description("Since when every attempt has failed; null where the last one did not (Unix seconds)")]
    public long? FailingSince => _webhook.FailingSince?.ToUnixTimeSeconds();

    [Description("Since when nothing is sent (Unix seconds)")]
    public long? DisabledAt => _webhook.DisabledAt?.ToUnixTimeSeconds();

    [Description("Why nothing is sent: 'failing' for three days, 'gone' (it answered 410), 'requested', or 'unreadable' (what is stored of it is spoilt).")]
    public string? DisabledReason => _webhook.DisabledReason;

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("What events are signed with; shown only when it is new.")]
    public string? Secret { get; }
}

/// <summary>Declares that a property is the name of a webhook's status.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class WebhookStatusesAttribute() : AllowedValuesAttribute(WebhookObject.Enabled, WebhookObject.Disabled);

/// <summary>The API's answer to the deletion of a webhook.</summary>
internal sealed class DeletedWebhookObject
{
    private const string Kind = "webhook";

    internal DeletedWebhookObject(string id) => Id = id;

    public string Id { get; }

    [AllowedValues(Kind)]
    public string Object { get; } = Kind;

    public bool Deleted { get; } = true;
}
