using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Configuration;
using BatchFunctions.Ids;
using BatchFunctions.Protocol;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Processing;

/// <summary>
/// Moves a batch forward: sums its chunks into its counts, publishes their results, closes what must be closed, and finishes it
/// when all chunks have ended. It recomputes and never increments, so that repeated, late and reordered messages do no harm.
/// </summary>
internal sealed class BatchAdvance(
    BatchStore batches,
    ChunkStore chunks,
    ChunkClosing closing,
    ResultFiles results,
    BatchFinish finish,
    WakeupStore wakeups,
    ProtocolSteps steps,
    IOptions<BatchOptions> options,
    TimeProvider time)
{
    private const int ClosedAtOnce = 8;

    /// <summary>
    /// Takes up the wake-up: removes its row before anything is read, so that any later change asks anew. After a crash
    /// in between, the message comes again, finds no row, and proceeds all the same. A message that finds no row on its
    /// first delivery is a copy: another has already seen what it was asked for.
    /// </summary>
    /// <param name="key">The batch.</param>
    /// <param name="isFirstDelivery">Whether the message is being delivered for the first time.</param>
    /// <param name="ct">Fires when the host shuts down.</param>
    public async Task TakeUpAsync(BatchKey key, bool isFirstDelivery, CancellationToken ct)
    {
        var isAsked = await wakeups.TryTakeAdvanceAsync(key, ct);
        if (isFirstDelivery && !isAsked)
        {
            return;
        }

        await steps.ReachedAsync(ProtocolStep.AdvanceTakenUp, ct);
        await AdvanceAsync(key, ct);
    }

    public async Task AdvanceAsync(BatchKey key, CancellationToken ct)
    {
        if (await batches.FindAsync(key, ct) is not { } batch)
        {
            return;
        }

        if (CloseReason.Of(batch, time.GetUtcNow()) is { } reason && batch.ChunkCount is not null)
        {
            await CloseIdleAsync(batch, reason, ct);
        }

        // The chunks are summed anew for each reading of the batch: a sum from before another's write could be older
        // than the counts in the row, and writing it under the new ETag would take them back.
        var after = await batches.MutateKnownAsync(
            batch, (current, token) => MoveOnAsync(current, () => BatchSum.OfAsync(chunks, current, token), token), ct);
        await FinishAsync(after, only: null, ct);
    }

    /// <summary>
    /// Moves a batch to its end whose only chunk has ended: what is known of both is not read again. Should somebody have changed the
    /// batch meanwhile, it is read; the chunk does not change any more. One that is complete is ended in one write, without one that says
    /// that it is finalizing: whoever cancels it meanwhile is refused by that write, or refuses it.
    /// </summary>
    /// <param name="batch">The batch as it was last read or written.</param>
    /// <param name="only">Its only chunk.</param>
    /// <param name="ct">Fires when the host shuts down.</param>
    public async Task EndAsync(Batch batch, OnlyChunk only, CancellationToken ct)
    {
        if (batch.Status == BatchStatus.InProgress
            && await MoveOnAsync(batch, () => Task.FromResult(BatchSum.OfOnly(batch, only.Chunk)), ct) is { Outcome: BatchStatus.Completed } decided
            && await finish.TryFinishAtOnceAsync(batch, decided, only, ct))
        {
            return;
        }

        var after = await batches.MutateKnownAsync(
            batch, (current, token) => MoveOnAsync(current, () => Task.FromResult(BatchSum.OfOnly(current, only.Chunk)), token), ct);
        await FinishAsync(after, only, ct);
    }

    private async Task FinishAsync(Batch? after, OnlyChunk? only, CancellationToken ct)
    {
        await steps.ReachedAsync(ProtocolStep.CountsWritten, ct);
        if (after is { Status: BatchStatus.Finalizing } || after?.Status.HasEnded() == true)
        {
            await steps.ReachedAsync(ProtocolStep.FinalizingWritten, ct);
            await finish.FinishAsync(after, only, ct);
        }
    }

    private async ValueTask<Batch?> MoveOnAsync(Batch batch, Func<Task<BatchSum>> sumUp, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        switch (batch.Status)
        {
            case BatchStatus.Validating when batch.IsOverdue(now):
                return batch.Finalize(BatchStatus.Expired, now);
            case BatchStatus.Cancelling when batch.ChunkCount is null:
                // Cancelled before validation was complete: no line is known, and none will be.
                return batch.Finalize(BatchStatus.Cancelled, now);
            case BatchStatus.InProgress or BatchStatus.Cancelling:
                break;
            default:
                return null;
        }

        var sum = await sumUp();
        await steps.ReachedAsync(ProtocolStep.ChunksSummed, ct);
        var counts = batch.Counts with { Completed = sum.Completed, Failed = sum.Failed };
        var moved = counts != batch.Counts
            ? batch.Progress(sum.Completed, sum.Failed, sum.Usage, now)
            : batch;
        if (sum.Ended < batch.ChunkCount)
        {
            moved = await PublishAsync(moved, sum, ct);

            // Written along with what else is new, and not for itself.
            moved = moved == batch ? moved : moved with { Settled = sum.Settled };
        }

        if (sum.Ended == batch.ChunkCount)
        {
            return (batch.Status, sum.InputLost) switch
            {
                // What was asked for comes first: lines of a cancelled batch are not waited for, named or not.
                (BatchStatus.Cancelling, _) => moved.Finalize(BatchStatus.Cancelled, now),
                (_, > 0) => moved.FinalizeFailed(BatchFailures.InputLost, now),
                _ when counts.Completed + counts.Failed < counts.Total => moved.Finalize(BatchStatus.Expired, now),
                _ => moved.Finalize(BatchStatus.Completed, now),
            };
        }

        if (sum.Unreadable > 0 && sum.Ended + sum.Unreadable == batch.ChunkCount)
        {
            // From when that was first found, and not from the last progress: the service may have stood still since, and nobody could mend
            // the rows meanwhile.
            if (moved.UnreadableSince is not { } since || since < ProgressOf(moved))
            {
                return moved with { UnreadableSince = now };
            }

            if (now - since > options.Value.LastResort)
            {
                return moved.FinalizeFailed(BatchFailures.ChunksUnreadable(sum.Unreadable), now);
            }
        }

        return moved == batch ? null : moved;
    }

    private static DateTimeOffset ProgressOf(Batch batch) => batch.ProgressAt ?? batch.CreatedAt;

    /// <summary>
    /// Publishes what is new in either file. The file's row comes first: a batch that names a file has it, and a crash in between
    /// leaves results that the next advance finds published.
    /// </summary>
    private async Task<Batch> PublishAsync(Batch batch, BatchSum sum, CancellationToken ct)
    {
        if (sum.OutputSegments > batch.OutputSegments)
        {
            var id = await results.PublishAsync(batch, ResultFile.Output, sum.Output, ct);
            batch = batch with { OutputFileId = id, OutputSegments = sum.OutputSegments };
            await steps.ReachedAsync(ProtocolStep.ResultsPublished, ct);
        }

        if (sum.ErrorSegments > batch.ErrorSegments)
        {
            var id = await results.PublishAsync(batch, ResultFile.Error, sum.Error, ct);
            batch = batch with { ErrorFileId = id, ErrorSegments = sum.ErrorSegments };
            await steps.ReachedAsync(ProtocolStep.ResultsPublished, ct);
        }

        return batch;
    }

    private async Task CloseIdleAsync(Batch batch, CloseReason reason, CancellationToken ct)
    {
        var atOnce = new ParallelOptions { MaxDegreeOfParallelism = ClosedAtOnce, CancellationToken = ct };
        await Parallel.ForEachAsync(chunks.ListAsync(batch.Id, batch.Settled.Count, ct), atOnce, async (chunk, token) =>
            await closing.TryCloseAsync(batch, chunk, reason, token));
    }
}
