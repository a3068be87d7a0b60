using BatchFunctions.ActiveBatches;
using BatchFunctions.Configuration;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;
using BatchFunctions.Telemetry;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Processing;

/// <summary>
/// Goes through everything that has not ended, repairs what a crash, a lost message or an expired lease has left, and
/// removes what has expired. Its message sends itself again while anything is active, so that nothing runs at rest; an
/// hourly timer backs it up. Of the batches it looks at those that are due. Where a thousand rest and nothing else is to be done, most
/// sweeps are quiet ones: for up to <see cref="QuietFor"/> they ask storage for what is due alone.
/// </summary>
internal sealed partial class BatchSweep(
    ActiveBatchStore active,
    ActiveBatchSweep batch,
    WaitingBatches waiting,
    PoisonSweep poison,
    Expiry expiry,
    ProjectErasure erasure,
    BatchMetrics metrics,
    QueueGauges gauges,
    BatchQueues queues,
    ProtocolSteps steps,
    RareLog rare,
    IOptions<BatchOptions> options,
    TimeProvider time,
    ILogger<BatchSweep> logger)
{
    /// <summary>How long sweeps may be quiet before another looks at everything: as long as the gauges may be old.</summary>
    private static readonly TimeSpan QuietFor = TimeSpan.FromMinutes(1);

    /// <summary>How long after a lease would have run out the sweep looks.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(0.2);

    /// <summary>Takes up the sweep's message, and asks for the next one while anything is active.</summary>
    /// <param name="message">
    /// The message; a copy of one whose sweep has been taken up has an old ticket, and does nothing.
    /// </param>
    /// <param name="ct">Fires when the host shuts down.</param>
    public async Task TakeUpAsync(BatchMessage message, CancellationToken ct)
    {
        if (!await queues.TryTakeSweepAsync(message.Ticket, ct))
        {
            return;
        }

        await steps.ReachedAsync(ProtocolStep.SweepTakenUp, ct);
        var quietUntil = message.QuietUntil is { } until ? DateTimeOffset.FromUnixTimeMilliseconds(until) : DateTimeOffset.MinValue;
        var isQuiet = time.GetUtcNow() < quietUntil && quietUntil < time.GetUtcNow() + QuietFor;
        await (isQuiet ? RunQuietlyAsync(quietUntil, ct) : RunAndAskAsync(ahead: TimeSpan.Zero, message.IsTakenOver, ct));
        await steps.ReachedAsync(ProtocolStep.SweepDone, ct);
    }

    /// <summary>
    /// The hourly timer, and the start of a process: runs a sweep, and starts a new chain of messages if the old one is broken. It looks a
    /// lease ahead, since a worker may be known to be dead before its lease is over.
    /// </summary>
    public Task RunTimerAsync(CancellationToken ct) => RunAndAskAsync(ahead: options.Value.Lease, mustAsk: false, ct);

    /// <summary>
    /// Runs all parts of the sweep, each by itself: one that fails does not keep the others from their turn. Asks for the next
    /// sweep if there is, or after a failure may be, more to do soon: for when the first lease that was seen would run out, since
    /// that is when there may be something to do.
    /// </summary>
    private async Task RunAndAskAsync(TimeSpan ahead, bool mustAsk, CancellationToken ct)
    {
        var seen = new ActiveBatchCensus();
        var (isActive, isQuiet) = await RunAsync(seen, ahead, ct);
        if (isQuiet && seen is { Restless: 0 } && seen.Resting >= options.Value.RestingForQuiet)
        {
            await AskQuietlyAsync(seen, time.GetUtcNow() + QuietFor, ct);
        }
        else if (isActive || mustAsk)
        {
            await queues.AskSweepAsync(seen.FirstLeaseEnd - time.GetUtcNow() + Margin, ct);
        }
    }

    /// <summary>
    /// A sweep while all is at rest: what is due, and wake-ups that are late. Once there is something to do, the next one looks at
    /// everything.
    /// </summary>
    private async Task RunQuietlyAsync(DateTimeOffset quietUntil, CancellationToken ct)
    {
        var seen = new ActiveBatchCensus();
        var isDone = await TryAsync("active batches", async token => !await LookAtAllAsync(active.ListDueAsync(time.GetUtcNow(), token), seen, token), ct);
        isDone |= await TryAsync("late advances", queues.SendLateAdvancesAsync, ct);
        if (!isDone && seen is { Restless: 0 })
        {
            await AskQuietlyAsync(seen, quietUntil, ct);
        }
        else
        {
            await queues.AskSweepAsync(seen.FirstLeaseEnd - time.GetUtcNow() + Margin, ct);
        }
    }

    /// <summary>Asks for the next sweep for when the first lease is over or the first batch is due, and at the latest when the quiet ends.</summary>
    private Task AskQuietlyAsync(ActiveBatchCensus seen, DateTimeOffset quietUntil, CancellationToken ct)
    {
        var next = Sooner(Sooner(seen.FirstLeaseEnd, seen.FirstLook) + Margin, quietUntil) ?? quietUntil;
        return queues.AskQuietSweepAsync(next - time.GetUtcNow(), quietUntil, ct);
    }

    private static DateTimeOffset? Sooner(DateTimeOffset? one, DateTimeOffset? other) => one is null || other < one ? other : one;

    /// <returns>Whether there is, or may be, more to do soon, and whether that is only to wait.</returns>
    private async Task<(bool IsActive, bool IsQuiet)> RunAsync(ActiveBatchCensus seen, TimeSpan ahead, CancellationToken ct)
    {
        var rows = new List<ActiveBatch>();
        var isActive = await TryAsync("active batches", token => SweepBatchesAsync(seen, rows, ahead, token), ct);
        var isBusy = await TryAsync("batches that wait for an upstream", async token => await waiting.WakeAsync(rows, token) > 0, ct);
        isBusy |= await TryAsync("late advances", queues.SendLateAdvancesAsync, ct);
        isBusy |= await TryAsync("poison queues", SweepPoisonAsync, ct);
        isBusy |= await TryAsync("what has expired", ExpireAsync, ct);
        isBusy |= await TryAsync("projects that are erased", erasure.RunAsync, ct);
        return (isActive || isBusy, !isBusy);
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

    /// <param name="seen">Receives what there is.</param>
    /// <param name="rows">Receives the rows of batches that wait for an upstream.</param>
    /// <param name="ahead">How far ahead of their time batches are looked at.</param>
    /// <param name="ct">Fires when the host shuts down.</param>
    /// <returns>Whether any batch is active.</returns>
    private async Task<bool> SweepBatchesAsync(ActiveBatchCensus seen, List<ActiveBatch> rows, TimeSpan ahead, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var isActive = false;
        var due = active.ListAsync(ct).Where(row =>
        {
            isActive = true;
            if (row.Waiting.Count > 0)
            {
                rows.Add(row);
            }

            if (!row.RestsAt(now + ahead))
            {
                return true;
            }

            seen.AddResting(row, row.LookAt!.Value, now, isCounted: false);
            return false;
        });
        await LookAtAllAsync(due, seen, ct);
        metrics.BatchesSeen(seen.ByStatus, seen.LongestWithoutProgress, seen.OldestAge);
        return isActive;
    }

    /// <returns>Whether all could be looked at.</returns>
    private async Task<bool> LookAtAllAsync(IAsyncEnumerable<ActiveBatch> rows, ActiveBatchCensus seen, CancellationToken ct)
    {
        var all = true;
        await foreach (var row in rows.WithCancellation(ct))
        {
            try
            {
                await batch.RunAsync(row, seen, ct);
            }
            catch (Exception e) when (e is not OutOfMemoryException && !ct.IsCancellationRequested)
            {
                all = false;
                seen.Restless++;
                if (rare.IsNews($"not swept {row.Key.Id}"))
                {
                    Log.NotSwept(logger, e, row.Key.Id);
                }
            }
        }

        return all;
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
