using BatchFunctions.Ids;
using BatchFunctions.Wakeups;

namespace BatchFunctions.Webhooks;

/// <summary>
/// Looks after deliveries whose entry is due: sends the messages of those that wait longer than a message may, or whose message is
/// lost; ends those that nobody can end; removes those that have been kept long enough.
/// </summary>
internal sealed class DeliveryUpkeep(DeliveryStore deliveries, BatchEvents events, BatchQueues queues, TimeProvider time)
{
    /// <summary>How long after its last attempt was due a delivery that is still open is overdue.</summary>
    private static readonly TimeSpan LastResort = TimeSpan.FromDays(1);

    /// <summary>
    /// How often an overdue attempt is asked for before the delivery is taken for one that cannot be tried. By the clock alone nobody may have run to
    /// try it; each of these is a sweep that did.
    /// </summary>
    private const int MostChances = 4;

    /// <returns>When to look again; null if nothing is left to look at.</returns>
    public async Task<DateTimeOffset?> SettleAsync(string tenant, string id, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        if (await deliveries.FindAsync(tenant, id, ct) is not { } delivery)
        {
            // It is removed, or was never written; or whoever tells of the batch is held up before the row. As long as one may come, it is
            // looked for, after twice as long each time.
            var age = now - IdKind.Delivery.CreatedAt(id);
            return age >= DeliverySchedule.Life ? null : now + (age > events.Lost ? age : events.Lost);
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

        var isOverdue = now > delivery.BegunAt + DeliverySchedule.Span + LastResort;
        if (isOverdue && await AskOrGiveUpAsync(delivery, now, ct) is not { IsOpen: true })
        {
            return now + DeliverySchedule.Life;
        }

        // What is sent in vain is sent again after twice as long: behind a long queue a message is late and not lost.
        await queues.SendDeliveryAsync(delivery.Batch, delivery.Id, delivery.Attempts + 1, TimeSpan.Zero, ct);
        var late = now - next;
        return now + (isOverdue ? LastResort / MostChances : late > events.Lost ? late : events.Lost);
    }

    /// <summary>Notes that an overdue attempt is asked for, or gives the delivery up where that was often in vain. One that was tried meanwhile stays as it is.</summary>
    private Task<Delivery?> AskOrGiveUpAsync(Delivery delivery, DateTimeOffset now, CancellationToken ct) => deliveries.MutateAsync(
        delivery.Tenant,
        delivery.Id,
        current => current.NextAt != delivery.NextAt ? null : current.Chances < MostChances ? current.AskedFor() : current.GivenUp("not_tried", now),
        ct);
}
