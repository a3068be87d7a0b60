using BatchFunctions.ActiveBatches;
using BatchFunctions.Ids;
using BatchFunctions.Telemetry;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Processing;

/// <summary>
/// One sweep's way through the batches that have not ended: which of them it looks at (<see cref="ActiveBatchSweep"/>), each by itself, as
/// far as there is time.
/// </summary>
internal sealed partial class ActiveBatchPass(
    ActiveBatchStore active, ActiveBatchSweep batch, BatchMetrics metrics, RareLog rare, TimeProvider time, ILogger<ActiveBatchPass> logger)
{
    /// <summary>Looks at the batches that are due. Those that were looked at by the sweep before, which had no time for more, are passed over.</summary>
    /// <param name="hasTime">Whether there is time for another.</param>
    /// <param name="from">The last batch that the sweep before has looked at; null to begin with the first.</param>
    /// <param name="seen">Receives what there is.</param>
    /// <param name="rows">Receives the rows of batches that wait for an upstream.</param>
    /// <param name="ahead">How far ahead of their time batches are looked at.</param>
    /// <param name="ct">Fires when the host shuts down.</param>
    /// <returns>Whether any batch is active.</returns>
    public async Task<bool> LookAtAllAsync(
        Func<bool> hasTime, BatchKey? from, ActiveBatchCensus seen, List<ActiveBatch> rows, TimeSpan ahead, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        BatchKey? last = null;
        var isActive = false;
        await foreach (var row in active.ListAsync(ct))
        {
            isActive = true;
            if (row.Waiting.Count > 0)
            {
                rows.Add(row);
            }

            if (row.RestsAt(now + ahead))
            {
                seen.AddResting(row, row.LookAt!.Value, now, isCounted: false);
            }
            else if (from is { } before && !IsBehind(row.Key, before))
            {
                seen.AddPassedOver(row, now);
            }
            else if (last is null || hasTime())
            {
                last = row.Key;
                await TryLookAsync(row, seen, ct);
            }
            else
            {
                seen.AddPassedOver(row, now);
                seen.LookedAtLast = last;
            }
        }

        metrics.BatchesSeen(seen.ByStatus, seen.LongestWithoutProgress, seen.OldestAge);
        return isActive;
    }

    /// <summary>Looks at the batches that are due, where the others are known to rest.</summary>
    /// <param name="hasTime">Whether there is time for another.</param>
    /// <param name="seen">Receives what there is.</param>
    /// <param name="ct">Fires when the host shuts down.</param>
    /// <returns>Whether any could not be looked at, or there was no time for it.</returns>
    public async Task<bool> LookAtDueAsync(Func<bool> hasTime, ActiveBatchCensus seen, CancellationToken ct)
    {
        var isLeft = false;
        await foreach (var row in active.ListDueAsync(time.GetUtcNow(), ct))
        {
            isLeft |= !await TryLookAsync(row, seen, ct);
            if (!hasTime())
            {
                return true;
            }
        }

        return isLeft;
    }

    /// <returns>Whether it could be looked at.</returns>
    private async Task<bool> TryLookAsync(ActiveBatch row, ActiveBatchCensus seen, CancellationToken ct)
    {
        try
        {
            await batch.RunAsync(row, seen, ct);
            return true;
        }
        catch (Exception e) when (e is not OutOfMemoryException && !ct.IsCancellationRequested)
        {
            seen.Restless++;
            if (rare.IsNews($"not swept {row.Key.Id}"))
            {
                Log.NotSwept(logger, e, row.Key.Id);
            }

            return false;
        }
    }

    /// <summary>The order in which active rows are listed.</summary>
    private static bool IsBehind(BatchKey key, BatchKey other) =>
        (string.CompareOrdinal(key.Tenant, other.Tenant) is var order and not 0 ? order : string.CompareOrdinal(key.Id, other.Id)) > 0;

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Batch {BatchId} could not be swept; each sweep tries again.")]
        public static partial void NotSwept(ILogger logger, Exception e, string batchId);
    }
}
