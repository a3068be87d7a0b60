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
    ChunkClaim claim,
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

    /// <summary>How long beyond the time of its lines a run's last checkpoint is tried: of the half minute that the settings' check leaves of <c>functionTimeout</c>.</summary>
    private static readonly TimeSpan FinishLimit = TimeSpan.FromSeconds(20);

    /// <summary>When a batch's first results are committed: whoever watches it should soon see that it moves.</summary>
    private static readonly TimeSpan FirstCheckpoint = TimeSpan.FromSeconds(1);

    private bool IsFirst => batch.Batch.IsUncounted && checkpoints.Chunk is { Number: 0, Segments.Count: 0 };

    public async Task<ChunkRunEnd> RunAsync(CancellationToken ct)
    {
        var until = time.GetUtcNow() + options.RunLimit + options.LongestTimeout + FinishLimit;
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
            return await FinishAsync(isShutdown: false, until, ct);
        }

        using var limit = new CancellationTokenSource(ShutdownLimit, time);
        return await FinishAsync(isShutdown: true, until, limit.Token);
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

    /// <summary>
    /// Commits what there is and gives the chunk up, in one write. The answers are paid for: they are kept until storage takes them, or
    /// another claim overtakes this one, or the run's time is over. Then the lease lapses, and the lines are sent again, as after a crash.
    /// </summary>
    private async Task<ChunkRunEnd> FinishAsync(bool isShutdown, DateTimeOffset until, CancellationToken ct)
    {
        var rest = until - time.GetUtcNow();
        using var limit = new CancellationTokenSource(rest > ShutdownLimit ? rest : ShutdownLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        for (var isAgain = false; ; isAgain = true)
        {
            try
            {
                if (isAgain)
                {
                    await Task.Delay(options.StatusPoll, time, either.Token);
                    if (!await claim.TryRenewAsync(either.Token))
                    {
                        return ChunkRunEnd.Overtaken;
                    }
                }

                return await CommitLastAsync(isShutdown, either.Token);
            }
            catch (Exception e) when (
                limit.IsCancellationRequested && !ct.IsCancellationRequested && (StorageFaults.IsFault(e) || e is OperationCanceledException))
            {
                Log.GivenUp(logger, e, batch.Batch.Id, checkpoints.Chunk.Number);
                return ChunkRunEnd.HandedOver;
            }
            catch (Exception e) when (StorageFaults.IsFault(e) && !ct.IsCancellationRequested)
            {
                Log.CommitFailed(logger, e, batch.Batch.Id, checkpoints.Chunk.Number);
            }
        }
    }

    private async Task<ChunkRunEnd> CommitLastAsync(bool isShutdown, CancellationToken ct)
    {
        var closed = await batch.CloseReasonAsync(ct);

        // What was answered is committed before the lines are named that were not: that takes a reading of the input, and should it take
        // too long, another closes the chunk, and what is in no row by then is lost.
        if (!await (closed is not null && results.HasLines ? checkpoints.CommitAsync(ct) : checkpoints.CommitSealedAsync(ct)))
        {
            return ChunkRunEnd.Overtaken;
        }

        if (claim.Chunk is { Owner: null } free && !results.HasLines)
        {
            // The last write of an earlier try took effect, and its answer was lost; or the sweep has freed the chunk behind it.
            return free.Ended ? ChunkRunEnd.Ended : ChunkRunEnd.HandedOver;
        }

        var verdict = InputVerdict.Passing;
        if (!await claim.WhileRenewingAsync(async token => verdict = await JudgeAsync(closed, token), ct))
        {
            return ChunkRunEnd.Overtaken;
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

    /// <summary>Judges what the run has met, and adds the error lines of those that will not be sent any more.</summary>
    private async Task<InputVerdict> JudgeAsync(CloseReason? closed, CancellationToken ct)
    {
        var verdict = await input.JudgeAsync(batch.Batch, sender.Fault, ct);
        if (closed is not { } reason || verdict.IsLost)
        {
            return verdict;
        }

        var isWhole = true;
        await results.AddUnfinishedAsync(async segment => isWhole = await input.TryAddUnfinishedAsync(
            batch.Batch, checkpoints.Chunk with { Left = left.Snapshot() }, reason, segment, ct));
        return isWhole ? verdict : InputVerdict.Lost;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Batch {BatchId}, chunk {Chunk}: storage has not taken the last checkpoint within the run's time; the lines since the one before are sent again.")]
        public static partial void GivenUp(ILogger logger, Exception e, string batchId, int chunk);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Batch {BatchId}, chunk {Chunk}: a checkpoint failed and will be tried again.")]
        public static partial void CommitFailed(ILogger logger, Exception e, string batchId, int chunk);
    }
}
