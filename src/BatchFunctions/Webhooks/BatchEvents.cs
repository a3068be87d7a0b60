using Azure;
using Azure.Data.Tables.Models;
using BatchFunctions.Batches;
using BatchFunctions.Configuration;
using BatchFunctions.Files;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;
using BatchFunctions.Telemetry;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Webhooks;

/// <summary>
/// Tells those who want it that a batch has ended, in this order for each of them: an entry in <c>expiring</c>, the delivery's row, its
/// message. What there is to tell stands in the batch's row, which has ended, and that it must be told in its <c>activebatches</c> row, which was
/// written before the batch and goes after all this: so a crash at any gap has it done again, and whoever does it again writes the same rows.
/// A delivery whose message is lost is found by its entry.
/// </summary>
internal sealed partial class BatchEvents(
    WebhookStore webhooks,
    DeliveryStore deliveries,
    ExpiringStore expiring,
    BatchQueues queues,
    ProtocolSteps steps,
    IOptions<BatchOptions> options,
    RareLog rare,
    TimeProvider time,
    ILogger<BatchEvents> logger)
{
    /// <summary>How long after a message was due it counts as lost: longer than an attempt takes.</summary>
    public TimeSpan Lost => options.Value.WakeUpLost + (2 * options.Value.Webhooks.Timeout);

    /// <summary>Enters what must be sent about a batch that has ended, and asks for it to be sent.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="since">A moment at which the batch was there, as a timestamp of the clock; null for now.</param>
    /// <param name="ct">Cancels the operation.</param>
    public async Task AnnounceAsync(Batch batch, long? since, CancellationToken ct)
    {
        if (batch is not { EndedAt: { } endedAt, Unreadable: null } || time.GetUtcNow() - endedAt >= DeliverySchedule.Life)
        {
            // What was told of it may be removed by now, and must not be told again.
            return;
        }

        if (!options.Value.Webhooks.AreOn)
        {
            return;
        }

        var type = EventTypes.Of(batch.Status);
        if (batch.Webhook is not null)
        {
            await EnterAsync(Delivery.Of(batch.Key, type, endedAt, webhookId: null), ct);
        }

        foreach (var webhook in await WebhooksOfAsync(batch.Tenant, since, ct))
        {
            if (webhook.IsEnabled && webhook.Events.Contains(type, StringComparer.Ordinal))
            {
                await EnterAsync(Delivery.Of(batch.Key, type, endedAt, webhook.Id), ct);
            }
            else if (webhook.Unreadable is { } reason && rare.IsNews($"unreadable {webhook.Id}"))
            {
                Log.Unreadable(logger, webhook.Id, reason);
            }
        }
    }

    /// <summary>Has a delivery looked at in time: when its message may be lost, and when it has been kept long enough.</summary>
    public Task WatchAsync(Delivery delivery, CancellationToken ct) => expiring.AddAsync(
        new ExpiringEntry(ExpiringKind.Delivery, delivery.Tenant, delivery.Id, new BlobLocation("", ""), delivery.BegunAt + Lost), ct);

    /// <summary>Asks for the next attempt at a delivery, unless that is the sweep's to do.</summary>
    public Task SendAsync(Delivery delivery, DateTimeOffset now, CancellationToken ct) => delivery is { NextAt: { } next, HasMessage: true }
        ? queues.SendDeliveryAsync(delivery.Batch, delivery.Id, delivery.Attempts + 1, next - now, ct)
        : Task.CompletedTask;

    private async Task<IReadOnlyList<Webhook>> WebhooksOfAsync(string tenant, long? since, CancellationToken ct)
    {
        try
        {
            return await webhooks.ListSinceAsync(tenant, since, ct);
        }
        catch (RequestFailedException e) when (e.ErrorCode == TableErrorCode.TableNotFound)
        {
            // An upgrade whose tables are still to be made: then nobody can have a webhook, and no batch waits for it.
            return [];
        }
    }

    private async Task EnterAsync(Delivery delivery, CancellationToken ct)
    {
        var standing = await deliveries.FindAsync(delivery.Tenant, delivery.Id, ct);
        if (standing is null)
        {
            await WatchAsync(delivery, ct);
            await steps.ReachedAsync(ProtocolStep.DeliveryEntered, ct);
            standing = await deliveries.TryInsertAsync(delivery, ct);
            await steps.ReachedAsync(ProtocolStep.DeliveryWritten, ct);
        }

        if (standing is { IsOpen: true, Attempts: 0 })
        {
            await SendAsync(standing, standing.BegunAt, ct);
            await steps.ReachedAsync(ProtocolStep.DeliverySent, ct);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Webhook {WebhookId}: its row cannot be read, so nothing is sent to it until the row is mended: {Reason}")]
        public static partial void Unreadable(ILogger logger, string webhookId, string reason);
    }
}
