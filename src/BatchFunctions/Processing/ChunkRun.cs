using BatchFunctions.Configuration;
using BatchFunctions.Storage;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Processing;

/// <summary>
/// One run of a claimed chunk: sends its lines, commits what has come back every few seconds, and watches for what ends
/// it: all lines done, a cancel or deadline, a wait that storage should do, the run's time, or a shutdown.
/// </summary>
internal sealed partial class ChunkRun(
    RunningBatch batch,
    ChunkInput input,
    LineSender sender,
    LinesLeft left,
    LineResults results,
    ChunkCheckpoints checkpoints,
    BatchOptions options,
    TimeProvider time,
    ILogger logger)
{
    /// <summary>How long the last checkpoint of a run that is shut down may take; the host leaves little more.</summary>
    private static readonly TimeSpan ShutdownLimit = TimeSpan.FromSeconds(3);

    /// <summary>When a batch's first results are committed: whoever watches it should soon see that it moves.</summary>
    private static readonly TimeSpan FirstCheckpoint = TimeSpan.FromSeconds(1);

    private bool IsFirst => batch.Batch.IsUncounted && checkpoints.Chunk is { Number: 0, Segments.Count: 0 };

    public async Task<ChunkRunEnd> RunAsync(CancellationToken ct)
    {
        using var calls = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var sending = sender.SendAllAsync(calls.Token);
        bool stands;
        try
        {
            stands = await WatchAsync(sending, ct);
        }
        finally
        {
            // Whatever ended the watch: no call outlives its run.
            if (!sending.IsCompleted)
            {
                await calls.CancelAsync();
            }

            await sending;
        }

        if (!stands)
        {
            return ChunkRunEnd.Overtaken;
        }

        if (!ct.IsCancellationRequested)
        {
            return await FinishAsync(isShutdown: false, ct);
        }

        using var limit = new CancellationTokenSource(ShutdownLimit, time);
        return await FinishAsync(isShutdown: true, limit.Token);
    }

    /// <returns>Whether the claim stands, as far as is known.</returns>
    private async Task<bool> WatchAsync(Task sending, CancellationToken ct)
    {
        var began = time.GetUtcNow();
        var committed = began;
        while (!sending.IsCompleted && !ct.IsCancellationRequested)
        {
            await WaitAsync(sending, ct);
            var now = time.GetUtcNow();
            if (ct.IsCancellationRequested
                || !await batch.StillRunsAsync()
                || now - began > options.RunLimit + options.LongestTimeout)
            {
                break;
            }

            if (now - began > options.RunLimit)
            {
                await sender.DrainAsync();
            }

            await batch.LookAsync(ct);
            var due = now - committed >= (IsFirst && FirstCheckpoint < options.Checkpoint ? FirstCheckpoint : options.Checkpoint) || results.IsFull;
            if (!sending.IsCompleted && ((due && results.HasLines) || checkpoints.IsRenewalDue))
            {
                committed = now;
                if (await TryCommitAsync(ct) is false)
                {
                    return false;
                }
            }
        }

        return true;
    }

    private async Task WaitAsync(Task sending, CancellationToken ct)
    {
        using var delay = CancellationTokenSource.CreateLinkedTokenSource(ct);
        await Task.WhenAny(sending, results.WhenFull, Task.Delay(IsFirst && FirstCheckpoint < options.StatusPoll ? FirstCheckpoint : options.StatusPoll, time, delay.Token));
        await delay.CancelAsync();
    }

    /// <returns>Whether the claim stands, as far as is known: a storage fault is tried again at the next checkpoint.</returns>
    private async Task<bool> TryCommitAsync(CancellationToken ct)
    {
        results.Rearm();
        try
        {
            var hadLines = results.HasLines;
            if (!await checkpoints.CommitAsync(ct))
            {
                return false;
            }

            if (hadLines)
            {
                await batch.ProgressedAsync(ct);
            }
        }
        catch (Exception e) when (StorageFaults.IsFault(e) || ct.IsCancellationRequested)
        {
            Log.CommitFailed(logger, e, batch.Batch.Id, checkpoints.Chunk.Number);
        }

        return true;
    }

    private async Task<ChunkRunEnd> FinishAsync(bool isShutdown, CancellationToken ct)
    {
        while (true)
        {
            try
            {
                return await CommitLastAsync(isShutdown, ct);
            }
            catch (Exception e) when (StorageFaults.IsFault(e) && !ct.IsCancellationRequested)
            {
                // The answers are paid for: they are kept until storage takes them, or another claim overtakes this one.
                Log.CommitFailed(logger, e, batch.Batch.Id, checkpoints.Chunk.Number);
                await Task.Delay(options.StatusPoll, time, ct);
            }
        }
    }

    private async Task<ChunkRunEnd> CommitLastAsync(bool isShutdown, CancellationToken ct)
    {
        var closed = await batch.CloseReasonAsync(ct);
        if (!await checkpoints.CommitSealedAsync(ct))
        {
            return ChunkRunEnd.Overtaken;
        }

        var verdict = await input.JudgeAsync(batch.Batch, sender.Fault, ct);
        if (closed is { } reason && !verdict.IsLost)
        {
            var isWhole = true;
            await results.AddUnfinishedAsync(async segment => isWhole = await input.TryAddUnfinishedAsync(
                batch.Batch, checkpoints.Chunk with { Left = left.Snapshot() }, reason, segment, ct));
            verdict = isWhole ? verdict : InputVerdict.Lost;
        }

        var stood = await checkpoints.CommitLastAsync(
            chunk =>
            {
                var notBefore = verdict.NotBefore ?? left.NotBefore(chunk.Done.Count, time.GetUtcNow());
                return chunk.Done.Count == chunk.Lines ? chunk.End()
                    : verdict.IsLost ? chunk.EndWithoutInput()
                    : isShutdown ? chunk.Forsake(notBefore, options.WakeUpLost) : chunk.Release(notBefore);
            },
            ct);
        if (!stood)
        {
            return ChunkRunEnd.Overtaken;
        }

        if (checkpoints.Chunk.Ended)
        {
            return ChunkRunEnd.Ended;
        }

        if (left.IsPutOffForUpstream && sender.Fault is null && !isShutdown && verdict.NotBefore is null)
        {
            return ChunkRunEnd.Waits;
        }

        // The message of a run that met a fault comes again by itself, and in the end goes to the poison queue; unless it is
        // known when to look again.
        return sender.Fault is { } fault && verdict.NotBefore is null ? throw new ChunkFaultException(fault) : ChunkRunEnd.HandedOver;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Batch {BatchId}, chunk {Chunk}: a checkpoint failed and will be tried again.")]
        public static partial void CommitFailed(ILogger logger, Exception e, string batchId, int chunk);
    }
}
