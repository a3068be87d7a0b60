using BatchFunctions.ActiveBatches;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;
using BatchFunctions.Telemetry;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Processing;

/// <summary>
/// Goes through everything that has not ended, repairs what a crash, a lost message or an expired lease has left, and
/// removes what has expired. Its message sends itself again while anything is active, so that nothing runs at rest; an
/// hourly timer backs it up.
/// </summary>
internal sealed partial class BatchSweep(
    ActiveBatchStore active,
    ActiveBatchSweep batch,
    PoisonSweep poison,
    Expiry expiry,
    ProjectErasure erasure,
    BatchMetrics metrics,
    QueueGauges gauges,
    BatchQueues queues,
    ProtocolSteps steps,
    RareLog rare,
    TimeProvider time,
    ILogger<BatchSweep> logger)
{
    /// <summary>How long after a lease would have run out the sweep looks.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(0.2);

    /// <summary>Takes up the sweep's message, and asks for the next one while anything is active.</summary>
    /// <param name="ticket">
    /// The message's ticket; a copy of a message whose sweep has been taken up does nothing.
    /// </param>
    /// <param name="ct">Fires when the host shuts down.</param>
    public async Task TakeUpAsync(string? ticket, CancellationToken ct)
    {
        if (!await queues.TryTakeSweepAsync(ticket, ct))
        {
            return;
        }

        await steps.ReachedAsync(ProtocolStep.SweepTakenUp, ct);
        await RunAndAskAsync(ct);
        await steps.ReachedAsync(ProtocolStep.SweepDone, ct);
    }

    /// <summary>The hourly timer: runs a sweep, and starts a new chain of messages if the old one is broken.</summary>
    public Task RunTimerAsync(CancellationToken ct) => RunAndAskAsync(ct);

    /// <summary>
    /// Runs all parts of the sweep, each by itself: one that fails does not keep the others from their turn. Asks for the next
    /// sweep if there is, or after a failure may be, more to do soon: for when the first lease that was seen would run out, since
    /// that is when there may be something to do.
    /// </summary>
    private async Task RunAndAskAsync(CancellationToken ct)
    {
        var seen = new ActiveBatchCensus();
        if (await RunAsync(seen, ct))
        {
            await queues.AskSweepAsync(seen.FirstLeaseEnd - time.GetUtcNow() + Margin, ct);
        }
    }

    /// <returns>Whether there is, or may be, more to do soon.</returns>
    private async Task<bool> RunAsync(ActiveBatchCensus seen, CancellationToken ct)
    {
        var isActive = await TryAsync("active batches", token => SweepBatchesAsync(seen, token), ct);
        isActive |= await TryAsync("late advances", SendLateAdvancesAsync, ct);
        isActive |= await TryAsync("poison queues", SweepPoisonAsync, ct);
        isActive |= await TryAsync("what has expired", ExpireAsync, ct);
        isActive |= await TryAsync("projects that are erased", erasure.RunAsync, ct);
        return isActive;
    }

    private async Task<bool> TryAsync(string part, Func<CancellationToken, Task<bool>> sweep, CancellationToken ct)
    {
        try
        {
            return await sweep(ct);
        }
        catch (Exception e) when (e is not OutOfMemoryException && !ct.IsCancellationRequested)
        {
            if (rare.IsNews($"not swept: {part}"))
            {
                Log.PartNotSwept(logger, e, part);
            }

            return true;
        }
    }

    /// <returns>Whether any batch is active.</returns>
    private async Task<bool> SweepBatchesAsync(ActiveBatchCensus seen, CancellationToken ct)
    {
        var isActive = false;
        await foreach (var row in active.ListAsync(ct))
        {
            isActive = true;
            try
            {
                await batch.RunAsync(row, seen, ct);
            }
            catch (Exception e) when (e is not OutOfMemoryException && !ct.IsCancellationRequested)
            {
                if (rare.IsNews($"not swept {row.Key.Id}"))
                {
                    Log.NotSwept(logger, e, row.Key.Id);
                }
            }
        }

        metrics.BatchesSeen(seen.ByStatus, seen.LongestWithoutProgress, seen.OldestAge);
        return isActive;
    }

    /// <returns>False: a batch whose advance is late is active, and counted as such.</returns>
    private async Task<bool> SendLateAdvancesAsync(CancellationToken ct)
    {
        await queues.SendLateAdvancesAsync(ct);
        return false;
    }

    /// <returns>Whether any poison queue had messages: the sweep goes on until they are gone.</returns>
    private async Task<bool> SweepPoisonAsync(CancellationToken ct)
    {
        var used = await gauges.MeasureAsync(ct);
        var poisoned = QueueNames.Poison.Where(used.Contains).ToList();
        foreach (var name in poisoned)
        {
            await poison.RunAsync(name, ct);
        }

        return poisoned.Count > 0;
    }

    /// <returns>Whether there is more to remove at once. What becomes due later is left to the hourly timer.</returns>
    private Task<bool> ExpireAsync(CancellationToken ct) => expiry.RunDueAsync(ct);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Batch {BatchId} could not be swept; each sweep tries again.")]
        public static partial void NotSwept(ILogger logger, Exception e, string batchId);

        [LoggerMessage(Level = LogLevel.Error, Message = "The sweep could not handle {Part}; each sweep tries again.")]
        public static partial void PartNotSwept(ILogger logger, Exception e, string part);
    }
}
