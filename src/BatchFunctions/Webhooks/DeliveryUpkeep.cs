using BatchFunctions.Wakeups;

namespace BatchFunctions.Webhooks;

/// <summary>
/// Looks after deliveries whose entry is due: sends the messages of those that wait longer than a message may, or whose message is
/// lost; ends those that nobody can end; removes those that have been kept long enough.
/// </summary>
internal sealed class DeliveryUpkeep(DeliveryStore deliveries, BatchEvents events, BatchQueues queues, TimeProvider time)
{
    /// <summary>How long after its last attempt was due a delivery that is still open is taken for one that cannot be tried.</summary>
    private static readonly TimeSpan LastResort = TimeSpan.FromDays(1);

    /// <returns>When to look again; null if nothing is left to look at.</returns>
    public async Task<DateTimeOffset?> SettleAsync(string tenant, string id, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        if (await deliveries.FindAsync(tenant, id, ct) is not { } delivery)
        {
            // A crash before the row, which is written again if it must be: then there is another entry.
            return null;
        }

        if (delivery is { IsOpen: true } && now > delivery.BegunAt + DeliverySchedule.Span + LastResort)
        {
            delivery = await deliveries.MutateAsync(tenant, id, current => current.IsOpen ? current.GivenUp("not_tried", now) : null, ct) ?? delivery;
        }

        if (delivery.NextAt is not { } next)
        {
            var until = (delivery.EndedAt ?? now) + DeliverySchedule.Life;
            if (now < until)
            {
                return until;
            }

            await deliveries.RemoveAsync(tenant, id, ct);
            return null;
        }

        var from = delivery.HasMessage ? next + events.Lost : next;
        if (now < from)
        {
            return from;
        }

        // What is sent in vain is sent again after twice as long: behind a long queue a message is late and not lost.
        await queues.SendDeliveryAsync(delivery.Batch, delivery.Id, delivery.Attempts + 1, TimeSpan.Zero, ct);
        var late = now - next;
        return now + (late > events.Lost ? late : events.Lost);
    }
}
