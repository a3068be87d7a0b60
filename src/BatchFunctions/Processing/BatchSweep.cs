using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Configuration;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;
using BatchFunctions.Telemetry;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Processing;

/// <summary>
/// Goes through what has not ended and puts right what a crash, a lost message or a lapsed lease has left, and removes
/// what has expired. Its message sends itself again while anything is active, so that at rest nothing runs; an hourly
/// timer stands behind it.
/// </summary>
internal sealed partial class BatchSweep(
    BatchStore batches,
    ActiveBatchStore active,
    ChunkStore chunks,
    BatchFinish finish,
    BatchValidation validation,
    PoisonSweep poison,
    Expiry expiry,
    BatchMetrics metrics,
    QueueGauges gauges,
    WakeupStore wakeups,
    BatchQueues queues,
    ProtocolSteps steps,
    IOptions<BatchOptions> options,
    TimeProvider time,
    ILogger<BatchSweep> logger)
{
    private readonly BatchOptions _options = options.Value;

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
                await SweepAsync(row, seen, ct);
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

    private async Task SweepAsync(ActiveBatch row, ActiveBatchCensus seen, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var found = await batches.FindAsync(row.Key, ct);
        using var span = found is null ? null : BatchTracing.StartSweep(found.Id, found.TraceParent);
        if (found is { } running && !running.Status.HasEnded())
        {
            seen.Add(running, now - ProgressOf(running), now - running.CreatedAt);
        }

        switch (found)
        {
            case null:
                if (now - row.CreatedAt > _options.CreateLost)
                {
                    await active.DeleteAsync(row.Key, ct);
                }

                break;
            case { } batch when batch.Status.HasEnded():
                await finish.ClearAwayAsync(row.Key, ct);
                break;
            case { } batch when now > batch.ExpiresAt + _options.LastResort:
                Log.LastResort(logger, batch.Id, batch.Status);
                await finish.FailAsync(
                    row.Key, "input_lost", "The batch could not be closed: its input can no longer be read.", ct);
                await finish.ClearAwayAsync(row.Key, ct);
                break;
            case { Status: BatchStatus.Validating } batch when !batch.IsOverdue(now):
                await SendAgainAsync(batch, _options.WakeUpLost, now, ct);
                break;
            case { Status: BatchStatus.InProgress } batch when !batch.IsOverdue(now):
                await SweepRunningAsync(batch, now, ct);
                break;
            default:
                // Finalizing, cancelling, or past its deadline: an advance finishes it or closes what is idle.
                await queues.AskAdvanceAsync(row.Key, ct);
                break;
        }
    }

    private static DateTimeOffset ProgressOf(Batch batch) => batch.ProgressAt ?? batch.CreatedAt;

    private async Task SweepRunningAsync(Batch batch, DateTimeOffset now, CancellationToken ct)
    {
        var open = 0;
        await foreach (var chunk in chunks.ListAsync(batch.Id, ct))
        {
            if (chunk.Ended)
            {
                continue;
            }

            open++;

            // The row first: it keeps the next sweep from sending another at once. A worker that is late and not dead may
            // take the chunk back with its next checkpoint, until another has claimed it: its answers are paid for.
            if (chunk.IsForsaken(now, _options.WakeUpLost)
                && await chunks.TryUpdateAsync(chunk.Wake(now), ct) is not null)
            {
                await queues.SendChunkAsync(batch.Key, chunk.Number, TimeSpan.Zero, ct);
            }
        }

        if (open == 0)
        {
            await queues.AskAdvanceAsync(batch.Key, ct);
        }
        else
        {
            await SendAgainAsync(batch, _options.ProgressLost, now, ct);
        }
    }

    /// <summary>
    /// Sends the batch's messages again when it has made no progress for the given time, and doubles that each time: a
    /// long queue is no lost message, and what is sent in vain lengthens it.
    /// </summary>
    private async Task SendAgainAsync(Batch batch, TimeSpan patience, DateTimeOffset now, CancellationToken ct)
    {
        var progress = ProgressOf(batch);
        var since = batch.SentAgainAt > progress ? batch.SentAgainAt.Value : progress;
        if (now - since < patience * Math.Pow(2, Math.Min(batch.Resends, 10)))
        {
            return;
        }

        Log.SentAgain(logger, batch.Id, batch.Status, now - progress);
        if (batch.Status == BatchStatus.Validating)
        {
            await queues.SendValidateAsync(batch.Key, TimeSpan.Zero, ct);
        }
        else
        {
            await validation.SendUnclaimedAsync(batch, ct);
        }

        await batches.MutateAsync(
            batch.Key,
            current => current.Status == batch.Status
                ? current.SentAgain(now)
                : null,
            ct);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Batch {BatchId} could not be swept; the next sweep tries again.")]
        public static partial void NotSwept(ILogger logger, Exception e, string batchId);

        [LoggerMessage(Level = LogLevel.Error, Message = "The sweep could not handle {Part}; the next sweep tries again.")]
        public static partial void PartNotSwept(ILogger logger, Exception e, string part);

        [LoggerMessage(Level = LogLevel.Error, Message = "Batch {BatchId} is '{Status}' long past its deadline and cannot be closed; it fails.")]
        public static partial void LastResort(ILogger logger, string batchId, BatchStatus status);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Batch {BatchId} ('{Status}') has made no progress for {Age}; its messages are sent again.")]
        public static partial void SentAgain(ILogger logger, string batchId, BatchStatus status, TimeSpan age);
    }
}
