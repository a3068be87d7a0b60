using BatchFunctions.Batches;
using BatchFunctions.Metering;
using BatchFunctions.Simulation.Lives;
using BatchFunctions.StrictStorage.Tables;
using BatchFunctions.Webhooks;

namespace BatchFunctions.Simulation.Rules;

/// <summary>
/// The order in which a batch is cleared away, and removed: its active row goes once it has been told of and counted, for by that row a
/// crash is made up for; and the row of one that was deleted goes behind its active row.
/// </summary>
internal sealed class ClearingRules(Life life)
{
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);
    private readonly HashSet<string> _counted = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TimeSpan> _active = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TimeSpan> _buried = new(StringComparer.Ordinal);

    /// <summary>A row of <c>deliveries</c> was written.</summary>
    public void DeliveryWritten(Entity? after)
    {
        if (after?.ValueOf("BatchId") is string batch)
        {
            _told.Add(batch);
        }
    }

    /// <summary>A row of <c>usage</c> was written: of a day, or of a batch that has been counted.</summary>
    public void UsageWritten(Entity? after)
    {
        if (after?.Key.Row.Split('|') is ["batch", var batch])
        {
            _counted.Add(batch);
        }
    }

    /// <summary>An active row was inserted, or deleted.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="isThere">Whether it is there now.</param>
    /// <param name="hasEnded">Whether the batch has ended.</param>
    public void ActiveWritten(string batch, bool isThere, bool hasEnded)
    {
        if (isThere)
        {
            _active.TryAdd(batch, life.Agenda.Now);
            return;
        }

        _active.Remove(batch);
        if (hasEnded && !_told.Contains(batch) && life.Other?.Knows<WebhookStore>() != false)
        {
            life.Violate("the active row goes behind the events", batch);
        }

        if (hasEnded && !_counted.Contains(batch) && life.Other?.Knows<UsageStore>() != false)
        {
            life.Violate("the active row goes behind the usage", batch);
        }
    }

    /// <summary>A batch's row was written, or removed. An active row may come back, late, behind the tombstone.</summary>
    public void BatchWritten(Batch? before, Batch? after)
    {
        if (after is { Deleted: true })
        {
            _buried.TryAdd(after.Id, life.Agenda.Now);
        }
        else if (after is null && _active.TryGetValue(before!.Id, out var since) && since <= _buried.GetValueOrDefault(before.Id))
        {
            life.Violate("a deleted batch's row goes behind its active row", before.Id);
        }
    }
}
