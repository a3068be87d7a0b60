using BatchFunctions.ActiveBatches;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;
using BatchFunctions.Telemetry;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Processing;

/// <summary>
/// Goes through what has not ended and puts right what a crash, a lost message or a lapsed lease has left, and removes
/// what has expired. Its message sends itself again while anything is active, so that at rest nothing runs; an hourly
/// timer stands behind it.
/// </summary>
internal sealed partial class BatchSweep(
    ActiveBatchStore active,
    ActiveBatchSweep batch,
    PoisonSweep poison,
    Expiry expiry,
    BatchMetrics metrics,
    QueueGauges gauges,
    WakeupStore wakeups,
    BatchQueues queues,
    ProtocolSteps steps,
    ILogger<BatchSweep> logger)
{
    /// <summary>Takes up the sweep's message; asks for the next one while anything is active.</summary>
    /// <param name="ticket">The message's; a copy of a message whose sweep has been taken up does nothing.</param>
    /// <param name="ct">Fires when the host shuts down.</param>
    public async Task TakeUpAsync(string? ticket, CancellationToken ct)
    {
        if (!await wakeups.TryTakeSweepAsync(ticket, ct))
        {
            return;
        }

        await steps.ReachedAsync(ProtocolStep.SweepTakenUp, ct);
        if (await RunAsync(ct))
        {
            await queues.AskSweepAsync(ct);
        }

        await steps.ReachedAsync(ProtocolStep.SweepDone, ct);
    }

    /// <summary>The hourly timer: a sweep, and a new chain of messages where the old one is broken.</summary>
    public async Task RunTimerAsync(CancellationToken ct)
    {
        if (await RunAsync(ct))
        {
            await queues.AskSweepAsync(ct);
        }
    }

    /// <summary>
    /// Goes through all there is to look after. Each part by itself: one that cannot be helped keeps no other from its help.
    /// </summary>
    /// <returns>Whether there is more to do later; where a part failed, there may be.</returns>
    private async Task<bool> RunAsync(CancellationToken ct)
    {
        var isActive = await TryAsync("active batches", SweepBatchesAsync, ct);
        isActive |= await TryAsync("late advances", SendLateAdvancesAsync, ct);
        isActive |= await TryAsync("poison queues", SweepPoisonAsync, ct);
        isActive |= await TryAsync("what has expired", ExpireAsync, ct);
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
            Log.PartNotSwept(logger, e, part);
            return true;
        }
    }

    /// <returns>Whether any batch is active.</returns>
    private async Task<bool> SweepBatchesAsync(CancellationToken ct)
    {
        var seen = new ActiveBatchCensus();
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
                Log.NotSwept(logger, e, row.Key.Id);
            }
        }

        metrics.BatchesSeen(seen.ByStatus, seen.LongestWithoutProgress, seen.OldestAge);
        return isActive;
    }

    /// <returns>False: whose advance is late is active, and seen as that.</returns>
    private async Task<bool> SendLateAdvancesAsync(CancellationToken ct)
    {
        await queues.SendLateAdvancesAsync(ct);
        return false;
    }

    /// <returns>Whether any poison queue had messages: until they are gone the sweep looks again.</returns>
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

    /// <returns>False: what is due later is looked at hourly.</returns>
    private async Task<bool> ExpireAsync(CancellationToken ct)
    {
        await expiry.RunDueAsync(ct);
        return false;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Batch {BatchId} could not be swept; the next sweep tries again.")]
        public static partial void NotSwept(ILogger logger, Exception e, string batchId);

        [LoggerMessage(Level = LogLevel.Error, Message = "The sweep could not handle {Part}; the next sweep tries again.")]
        public static partial void PartNotSwept(ILogger logger, Exception e, string part);
    }
}
