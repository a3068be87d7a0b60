using BatchFunctions.Batches;
using BatchFunctions.Configuration;
using BatchFunctions.Ids;
using BatchFunctions.Protocol;
using BatchFunctions.Receivers;
using BatchFunctions.Telemetry;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Webhooks;

/// <summary>
/// Makes the attempts at deliveries. After the answer come the webhook's row, if it changes, the delivery's row, which says when it is tried
/// next, and the message for that. A crash before the delivery's row has the attempt made again, with the same event; behind it, the message that
/// comes again finds the attempt made, and sends the next one's.
/// </summary>
internal sealed partial class DeliveryWork(
    DeliveryStore deliveries,
    WebhookStore webhooks,
    BatchStore batches,
    BatchEvents events,
    EventSender sender,
    DeliveryPlaces places,
    BatchMetrics metrics,
    ProtocolSteps steps,
    IOptions<BatchOptions> options,
    TimeProvider time,
    ILogger<DeliveryWork> logger)
{
    /// <summary>How early a message may be by a clock that is not storage's.</summary>
    private static readonly TimeSpan Early = TimeSpan.FromSeconds(2);

    /// <summary>Handles a message that asks for an attempt.</summary>
    /// <param name="message">The message.</param>
    /// <param name="isFirstDelivery">Whether the message has not been handed out before.</param>
    /// <param name="ct">Fires when the host shuts down.</param>
    public async Task RunAsync(BatchMessage message, bool isFirstDelivery, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        if (await deliveries.FindAsync(message.Tenant, message.Delivery ?? "", ct) is not { NextAt: { } next } delivery)
        {
            return;
        }

        if (message.Attempt <= delivery.Attempts)
        {
            // A copy of a message that was handled; or the same one, after a crash behind the row.
            if (!isFirstDelivery)
            {
                await events.SendAsync(delivery, now, ct);
            }

            return;
        }

        if (next - now > Early)
        {
            await events.SendAsync(delivery, now, ct);
            return;
        }

        var (receiver, webhook, problem) = await FindReceiverAsync(delivery, now, ct);
        if (receiver is null)
        {
            await deliveries.TryUpdateAsync(delivery.GivenUp(problem!, now), ct);
            return;
        }

        using var place = places.TryEnter(delivery.Tenant, receiver.Url.Host, webhook);
        if (place is null)
        {
            // The wait stands in the row, so that copies of the message wait as long, and the sweep takes none of them for lost.
            if (await deliveries.TryUpdateAsync(delivery.PutOff(now), ct) is { } later)
            {
                await events.SendAsync(later, now, ct);
            }

            return;
        }

        if (await AttemptAsync(delivery, receiver, ct) is { IsOpen: true } tried)
        {
            await events.SendAsync(tried, time.GetUtcNow(), ct);
            await steps.ReachedAsync(ProtocolStep.NextAttemptSent, ct);
        }
    }

    /// <summary>Makes one attempt, and writes what came of it.</summary>
    /// <returns>The delivery afterwards; null if another has changed it meanwhile.</returns>
    public async Task<Delivery?> AttemptAsync(Delivery delivery, Receiver receiver, CancellationToken ct)
    {
        var answer = await sender.SendAsync(receiver, delivery.EventId, EventBody.Of(delivery), ct);
        await steps.ReachedAsync(ProtocolStep.DeliveryAnswered, ct);
        var now = time.GetUtcNow();
        metrics.DeliveryTried(answer.IsSuccess ? "delivered" : answer.Error ?? "refused");
        var webhook = await NoteAsync(delivery, receiver, answer, now, ct);

        // A 410 of the URL that a webhook had is no reason not to try the one that it has.
        var after = delivery.After(answer, isGone: answer.IsGone && webhook?.IsAt(receiver) is not false, now);
        if (webhook is { IsEnabled: false } && after.IsOpen)
        {
            after = after.Ended(now);
        }

        if (await deliveries.TryUpdateAsync(after, ct) is not { } written)
        {
            return null;
        }

        await steps.ReachedAsync(ProtocolStep.AttemptWritten, ct);
        if (written.Status == DeliveryStatus.Failed && !written.IsTest)
        {
            Log.Failed(logger, written.Id, written.Type, written.BatchId, written.Attempts, written.LastStatus, written.LastError);
        }

        return written;
    }

    /// <summary>
    /// Notes in the webhook's row how it does, where that has changed, unless its URL is another by now. A test shows, and decides nothing but that it
    /// works again.
    /// </summary>
    /// <returns>The webhook; null if its row was not looked at.</returns>
    private async Task<Webhook?> NoteAsync(Delivery delivery, Receiver receiver, ReceiverAnswer answer, DateTimeOffset now, CancellationToken ct)
    {
        if (delivery.WebhookId is not { } id || (delivery.IsTest && !answer.IsSuccess))
        {
            return null;
        }

        var hasChanged = false;
        var webhook = await webhooks.MutateAsync(
            delivery.Tenant,
            id,
            current =>
            {
                var next = !current.IsAt(receiver) ? current
                    : answer.IsSuccess ? current.Reached()
                    : current.Failed(answer.IsGone, delivery.BegunBy(now), now);
                hasChanged = next != current;
                return hasChanged ? next : null;
            },
            ct);
        if (hasChanged)
        {
            await steps.ReachedAsync(ProtocolStep.WebhookNoted, ct);
            if (webhook is { IsEnabled: false })
            {
                Log.Disabled(logger, webhook.Id, webhook.DisabledReason);
            }
        }

        return webhook;
    }

    /// <summary>Whom a delivery goes to, with the webhook that it is, or why to nobody.</summary>
    private async Task<(Receiver? Receiver, Webhook? Webhook, string? Problem)> FindReceiverAsync(Delivery delivery, DateTimeOffset now, CancellationToken ct)
    {
        if (!options.Value.Webhooks.AreOn)
        {
            return (null, null, "webhook_disabled");
        }

        if (delivery.WebhookId is { } id)
        {
            return await webhooks.FindAsync(delivery.Tenant, id, ct) switch
            {
                null => (null, null, "webhook_deleted"),
                { IsEnabled: false } when !delivery.IsTest => (null, null, "webhook_disabled"),
                { } webhook => (webhook.ReceiverAt(now), webhook, null),
            };
        }

        return await batches.FindAsync(new BatchKey(delivery.Tenant, delivery.BatchId), ct) is { Webhook: { } own }
            ? (new Receiver(new Uri(own.Url), [own.Secret]), null, null)
            : (null, null, "batch_deleted");
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Delivery {DeliveryId} of {Type} for batch {BatchId} has failed after {Attempts} attempts, the last with {Status}{Error}.")]
        public static partial void Failed(ILogger logger, string deliveryId, string type, string batchId, int attempts, int? status, string? error);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Webhook {WebhookId} is switched off: {Reason}.")]
        public static partial void Disabled(ILogger logger, string webhookId, string? reason);
    }
}
