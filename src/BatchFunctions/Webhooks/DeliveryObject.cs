using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using BatchFunctions.Http;

namespace BatchFunctions.Webhooks;

/// <summary>A delivery as the API returns it.</summary>
internal sealed class DeliveryObject
{
    private const string Kind = "webhook.delivery";

    private readonly Delivery _delivery;

    internal DeliveryObject(Delivery delivery) => _delivery = delivery;

    [Example("delivery_019a00000000aaaaaaaaaaaaaaaaaaaa")]
    public string Id => _delivery.Id;

    [AllowedValues(Kind)]
    public string Object { get; } = Kind;

    [Description("The webhook that it goes to; null where the batch itself has one.")]
    public string? WebhookId => _delivery.WebhookId;

    [Description("The event's id, and the request's 'webhook-id': the same at each attempt.")]
    public string EventId => _delivery.EventId;

    [EventTypes]
    public string Type => _delivery.Type;

    [Description("The batch that has ended; of a test none, with zeros for an id.")]
    public string BatchId => _delivery.BatchId;

    [Description("When the batch ended (Unix seconds)")]
    public long CreatedAt => _delivery.EventAt.ToUnixTimeSeconds();

    [Description("Whether it was asked for to see whether events arrive.")]
    public bool Test => _delivery.IsTest;

    [DeliveryStatuses]
    public string Status => _delivery.Status.Wire();

    [Description("How many attempts there were.")]
    public int Attempts => _delivery.Attempts;

    [Description("When the last one was made (Unix seconds)")]
    public long? LastAttemptAt => _delivery.LastAt?.ToUnixTimeSeconds();

    [Description("The HTTP status of the last one; null if it had no answer.")]
    public int? LastStatus => _delivery.LastStatus;

    [Description("Why the last one had no answer, or why there is no other: 'timeout', 'unreachable', 'host_not_found', 'tls_failed', 'address_not_allowed', 'webhook_disabled', 'webhook_deleted', 'batch_deleted', 'not_tried' or 'unreadable'.")]
    public string? LastError => _delivery.LastError;

    [Description("When the next one is due (Unix seconds)")]
    public long? NextAttemptAt => _delivery.NextAt?.ToUnixTimeSeconds();

    [Description("When it has arrived, or was given up (Unix seconds)")]
    public long? EndedAt => _delivery.EndedAt?.ToUnixTimeSeconds();
}
