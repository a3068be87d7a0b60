using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Ids;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;
using BatchFunctions.Telemetry;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Processing;

/// <summary>
/// Finishes a batch whose chunks have all ended, in this order: the last of both files, the batch's row, and what comes behind its end
/// (<see cref="BatchClearing"/>). Every step may be repeated, by any process at any time: the chunks' rows do not change any more, and say
/// the same to everybody. A crash at any gap leaves the <c>activebatches</c> row, from which the sweep starts over.
/// </summary>
internal sealed partial class BatchFinish(
    BatchStore batches,
    ChunkStore chunks,
    ResultFiles results,
    WholeFiles files,
    BatchLeftovers leftovers,
    BatchClearing clearing,
    ProtocolSteps steps,
    TimeProvider time,
    ILogger<BatchFinish> logger)
{
    /// <summary>
    /// For how long after its deadline, or from when it was first tried behind that, a batch is tried to be finished while storage refuses what that needs.
    /// </summary>
    private static readonly TimeSpan RefusedLimit = TimeSpan.FromDays(7);

    /// <summary>
    /// Finishes a batch that is finalizing, and clears away after it; after one that has ended, only clears away.
    /// </summary>
    public Task FinishAsync(Batch batch, CancellationToken ct) => FinishAsync(batch, only: null, ct);

    /// <inheritdoc cref="FinishAsync(Batch, CancellationToken)"/>
    /// <param name="batch">The batch as it was last read or written.</param>
    /// <param name="only">Its only chunk; null to read all chunks.</param>
    /// <param name="ct">Fires when the host shuts down.</param>
    public async Task FinishAsync(Batch batch, OnlyChunk? only, CancellationToken ct)
    {
        if (batch.Unreadable is not null)
        {
            // Its row may be mended yet: the sweep clears away what nobody has mended in time.
            return;
        }

        var ended = batch;
        if (batch.Status == BatchStatus.Finalizing)
        {
            using var span = BatchTracing.StartFinish(batch.Id, batch.Outcome!.Value.Wire());
            try
            {
                ended = await EndAsync(batch, batch, only?.Chunk, ct);
            }
            catch (ResultsLostException e)
            {
                Log.ResultsLost(logger, e, batch.Id);
                await CloseFilesAsync(batch, ct);
                ended = await FailAsync(batch.Key, BatchFailures.ResultsLost, ct);
            }
        }

        // Without a row it was deleted, which is after others have cleared it away.
        if (ended is not null)
        {
            await clearing.RunAsync(ended, only, ct);
        }
    }

    /// <summary>
    /// Finishes a batch of one chunk that runs: its row says in one write how it has ended. A crash before that write leaves a batch that
    /// runs, and whose chunk has ended, which the next advance finishes; its files are whole by then, or the same to be made again.
    /// </summary>
    /// <param name="running">The batch as it was last read or written.</param>
    /// <param name="decided">The same as it would be finalized.</param>
    /// <param name="only">Its only chunk.</param>
    /// <param name="ct">Fires when the host shuts down.</param>
    /// <returns>Whether it has ended; false if somebody has decided otherwise meanwhile.</returns>
    public async Task<bool> TryFinishAtOnceAsync(Batch running, Batch decided, OnlyChunk only, CancellationToken ct)
    {
        using var span = BatchTracing.StartFinish(running.Id, decided.Outcome!.Value.Wire());
        if (await EndAsync(decided, running, only.Chunk, ct) is not { } ended || !ended.Status.HasEnded())
        {
            return false;
        }

        await clearing.RunAsync(ended, only, ct);
        return true;
    }

    /// <summary>
    /// Ends a batch that cannot end in the ordinary way: as was decided, if it was; or as failed, with the results that its
    /// chunks have, whether or not they have ended; or, if that is not possible either, with what was published. Where storage
    /// only refuses it, it is tried for a week.
    /// </summary>
    public Task GiveUpAsync(BatchKey key, BatchError error, CancellationToken ct) => GiveUpAsync(key, error, since: null, ct);

    /// <inheritdoc cref="GiveUpAsync(BatchKey, BatchError, CancellationToken)"/>
    /// <param name="key">The batch.</param>
    /// <param name="error">Why it fails, if it does.</param>
    /// <param name="since">Since when it is tried in vain; null where that is not known: then it counts as tried since its deadline.</param>
    /// <param name="ct">Fires when the host shuts down.</param>
    public async Task GiveUpAsync(BatchKey key, BatchError error, DateTimeOffset? since, CancellationToken ct)
    {
        var batch = await batches.MutateAsync(
            key,
            current => current.Status switch
            {
                BatchStatus.Validating => current.Fail([error], time.GetUtcNow()),
                BatchStatus.InProgress or BatchStatus.Cancelling => current.FinalizeFailed(error, time.GetUtcNow()),
                _ => null,
            },
            ct);
        if (batch is null || await TryFinishAsync(batch, since, ct))
        {
            return;
        }

        var failing = await batches.MutateAsync(
            key,
            current => current is { Status: BatchStatus.Finalizing, Outcome: not BatchStatus.Failed }
                ? current.FinalizeFailed(error, time.GetUtcNow())
                : null,
            ct);
        if (failing is null || await TryFinishAsync(failing, since, ct))
        {
            return;
        }

        await CloseFilesAsync(failing, ct);
        await leftovers.EnterAsync(key, ct);
        if (await FailAsync(key, error, ct) is { } failed)
        {
            await clearing.RunAsync(failed, ct);
        }
    }

    /// <returns>Whether the batch has ended; false if it cannot be finished like this.</returns>
    private async Task<bool> TryFinishAsync(Batch batch, DateTimeOffset? since, CancellationToken ct)
    {
        try
        {
            await FinishAsync(batch, ct);
            return true;
        }
        catch (Exception e) when (
            e is not (OutOfMemoryException or NewerRowException)
            && !StorageFaults.MayPass(e)
            && !ct.IsCancellationRequested
            && !(StorageFaults.IsRefusal(e) && time.GetUtcNow() < (since > batch.ExpiresAt ? since.Value : batch.ExpiresAt) + RefusedLimit))
        {
            Log.NotFinished(logger, e, batch.Id, batch.Outcome);
            return false;
        }
    }

    private async Task CloseFilesAsync(Batch batch, CancellationToken ct)
    {
        try
        {
            await results.CloseAsync(batch, ct);
        }
        catch (Exception e) when (e is not (OutOfMemoryException or NewerRowException) && !StorageFaults.IsFault(e))
        {
            Log.NotClosed(logger, e, batch.Id);
        }
    }

    /// <summary>Fails a batch with no more results than it has, unless it has ended already.</summary>
    private Task<Batch?> FailAsync(BatchKey key, BatchError error, CancellationToken ct) =>
        batches.MutateAsync(key, batch => batch.Status.HasEnded() ? null : batch.Fail([error], time.GetUtcNow()), ct);

    /// <param name="batch">The batch, finalizing.</param>
    /// <param name="row">The batch as it was last read or written: the same, or running, where its end is the first that its row says of it.</param>
    /// <param name="only">Its only chunk; null to read all chunks.</param>
    /// <param name="ct">Fires when the host shuts down.</param>
    /// <returns>The batch, which has ended, unless somebody has changed it since; null if it was deleted since.</returns>
    private async Task<Batch?> EndAsync(Batch batch, Batch row, Chunk? only, CancellationToken ct)
    {
        if (batch.Outcome == BatchStatus.Failed)
        {
            await EndChunksAsync(batch, ct);
        }

        var sum = only is null ? await BatchSum.OfAsync(chunks, batch, ct) : BatchSum.OfOnly(batch, only);

        // A batch that never got as far as chunks has none to count; rows left by a cancelled validation do not matter. One
        // that fails has what there is.
        if (batch.ChunkCount is { } count && sum.Ended != count && batch.Outcome != BatchStatus.Failed)
        {
            var current = await batches.FindAnyAsync(batch.Key, ct);
            if (current is not { Status: BatchStatus.Finalizing })
            {
                // Another has finished it meanwhile, and cleared away after it.
                return current;
            }

            throw new InvalidOperationException($"Batch {batch.Id} is finalizing with {sum.Ended} of {count} chunks: rows are gone.");
        }

        var (output, error) = await files.CompleteAsync(batch, sum, ct);
        await leftovers.EnterAsync(batch.Key, ct);
        var counts = batch.Counts with { Completed = sum.Completed, Failed = sum.Failed };
        var ended = await batches.MutateKnownAsync(
            row,
            current =>
            {
                var finalizing = current.Status == BatchStatus.InProgress && row.Status == BatchStatus.InProgress
                    ? current.Finalize(batch.Outcome!.Value, batch.FinalizingAt!.Value)
                    : current;
                return finalizing.Status == BatchStatus.Finalizing
                    ? finalizing.End(new BatchEnd(finalizing.Outcome!.Value, time.GetUtcNow(), output, error, counts, sum.Usage, sum.Failures))
                    : null;
            },
            ct);
        await steps.ReachedAsync(ProtocolStep.BatchEndWritten, ct);
        return ended;
    }

    /// <summary>Whoever still has a chunk of a batch that fails is too late: what it commits would be in no file.</summary>
    private async Task EndChunksAsync(Batch batch, CancellationToken ct)
    {
        await foreach (var chunk in chunks.ListAsync(batch.Id, batch.Settled.Count, ct))
        {
            if (chunk is { Ended: false, Unreadable: null })
            {
                await chunks.EndByForceAsync(chunk, ct);
                await steps.ReachedAsync(ProtocolStep.ChunksEndedByForce, ct);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Batch {BatchId}: its files could not be closed.")]
        public static partial void NotClosed(ILogger logger, Exception e, string batchId);

        [LoggerMessage(Level = LogLevel.Error, Message = "Batch {BatchId}: results that had been stored are gone; the batch fails.")]
        public static partial void ResultsLost(ILogger logger, Exception e, string batchId);

        [LoggerMessage(Level = LogLevel.Error, Message = "Batch {BatchId} cannot be finished as '{Outcome}'.")]
        public static partial void NotFinished(ILogger logger, Exception e, string batchId, BatchStatus? outcome);
    }
}
