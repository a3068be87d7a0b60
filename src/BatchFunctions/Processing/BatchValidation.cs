using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Configuration;
using BatchFunctions.Ids;
using BatchFunctions.Memory;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;
using BatchFunctions.Upstream;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Processing;

/// <summary>
/// Validates a batch's input in one pass: checks each line, and cuts the file into chunks. In this order: the chunk rows (inserted, never
/// overwritten); in one write the batch's total, chunk count and <c>in_progress</c>; a message for each chunk of the first window. A crash, or a
/// failure of storage that may pass, before the batch's write leaves chunk rows, which the next run finds in place, cut by the same sizes since the
/// batch's row carries them; one behind it leaves messages unsent, which the next run, or the sweep, sends.
/// </summary>
internal sealed partial class BatchValidation(
    BatchStore batches,
    ActiveBatchStore active,
    BatchLooks looks,
    ChunkStore chunks,
    InputBlobs blobs,
    RetryInput retries,
    ByteBudget memory,
    BatchFinish finish,
    BatchQueues queues,
    ChunkRuns runs,
    ChunkWork work,
    ChunkMessages messages,
    UpstreamRegistry upstreams,
    InputWatch input,
    ProtocolSteps steps,
    IOptions<BatchOptions> options,
    TimeProvider time,
    ILogger<BatchValidation> logger)
{
    public async Task RunAsync(BatchKey key, CancellationToken ct)
    {
        if (await batches.TakeUpAsync(key, ct) is not { } batch)
        {
            return;
        }

        if (batch.Status.HasEnded())
        {
            await finish.FinishAsync(batch, ct);
        }
        else if (batch.Status == BatchStatus.InProgress)
        {
            await messages.SendUnclaimedAsync(batch, ct);
        }
        else if (batch.Status == BatchStatus.Validating && !batch.IsOverdue(time.GetUtcNow()))
        {
            await ValidateAsync(batch, ct);
        }
        else
        {
            await queues.AskAdvanceAsync(key, ct);
        }
    }

    private async Task ValidateAsync(Batch batch, CancellationToken ct)
    {
        (Batch Batch, InputReading Reading, Chunk? Claimed, int Window)? cut;
        try
        {
            cut = await TryCutAsync(batch, ct);
        }
        catch (Exception e) when (StorageFaults.IsFault(e) && !ct.IsCancellationRequested)
        {
            // The message's tries would be used up in seconds, and what may pass fails no batch: the sweep sends it again.
            Log.LetGo(logger, e, batch.Id);
            await NoteTriedAsync(batch.Key, ct);
            return;
        }

        if (cut is not var (prepared, reading, claimed, window))
        {
            return;
        }

        var after = await batches.MutateKnownAsync(
            prepared,
            current => current.Status == BatchStatus.Validating
                ? current.Begin(reading.Lines, reading.Model, reading.Chunks.Count, window, time.GetUtcNow())
                : null,
            ct);
        await steps.ReachedAsync(ProtocolStep.InProgressWritten, ct);
        if (after is not { Status: BatchStatus.InProgress })
        {
            // Cancelled or failed meanwhile: what this run wrote is cleared away with the rest.
            await EndOrAdvanceAsync(batch.Key, ct);
            return;
        }

        if (claimed is not null)
        {
            // Without a message: after a crash the lease lapses, and the sweep sends one.
            await work.RunOnlyAsync(after, claimed, ct);
            return;
        }

        await messages.SendFirstAsync(after, reading.Chunks, ct);
        await steps.ReachedAsync(ProtocolStep.ChunkMessagesSent, ct);
    }

    /// <summary>
    /// Notes that the batch's message has come, and was let go: what the sweep sends behind it is no copy, and need not come ever later. A crash
    /// before it, or storage that fails for rows, too, leaves the sweep's own patience.
    /// </summary>
    private async Task NoteTriedAsync(BatchKey key, CancellationToken ct)
    {
        try
        {
            await looks.SeeToAsync(key, chunk: null, ct);
            await batches.MutateAsync(
                key, current => current.Status == BatchStatus.Validating ? current.Tried(time.GetUtcNow()) : null, ct);
        }
        catch (Exception e) when (StorageFaults.MayPass(e) && !ct.IsCancellationRequested)
        {
            Log.NotNoted(logger, e, key.Id);
        }
    }

    /// <summary>Reads the input, and inserts the rows of its chunks: all that comes before the batch's write.</summary>
    /// <returns>The batch with its input, what was read of it, its only chunk if that is claimed, and its window; null where it does not begin.</returns>
    private async Task<(Batch Batch, InputReading Reading, Chunk? Claimed, int Window)?> TryCutAsync(Batch batch, CancellationToken ct)
    {
        var pulse = new ValidationPulse(batches, batch.Key, options.Value.WakeUpLost, time);
        if (batch.RetryOf is not null)
        {
            if (await PrepareRetryAsync(batch, pulse, ct) is not { } prepared)
            {
                return null;
            }

            batch = prepared;
        }

        var reading = new InputReading(batch, upstreams, options.Value);
        try
        {
            await reading.RunAsync(blobs, memory, pulse, ct);
        }
        catch (Exception e) when (InputWatch.IsLasting(e))
        {
            switch (await input.JudgeAsync(batch, e, ct))
            {
                case { IsLost: true }:
                    reading.Errors.Add(BatchFailures.NoInput);
                    break;
                case { NotBefore: not null }: // The sweep sends the message again, ever later.
                    return null;
                default:
                    throw;
            }
        }

        if (reading.Errors.Count > 0)
        {
            await FailAsync(batch.Key, reading.Errors, ct);
            return null;
        }

        Chunk? claimed = null;
        try
        {
            // The only chunk of a small batch is run at once, so it is claimed from the beginning.
            claimed = reading.Chunks is [var only] ? await runs.TryInsertClaimedAsync(only, ct) : null;
            if (claimed is null)
            {
                await chunks.InsertAsync(reading.Chunks, ct);
            }
        }
        catch (ChunksDifferException e)
        {
            // No line has been sent, unless whoever cut the chunks runs them by now; then the batch is no longer
            // validating, and this fails nothing.
            Log.ChunksDiffer(logger, e, batch.Id);
            await FailAsync(batch.Key, [BatchFailures.CutInTwoWays], ct);
            return null;
        }

        await steps.ReachedAsync(ProtocolStep.ChunkRowsWritten, ct);
        return (batch, reading, claimed, await WindowOfAsync(reading, ct));
    }

    /// <summary>Makes the input of a retry, unless another has taken its place by now.</summary>
    /// <returns>The batch with its input; null if it is not validating any more, or waits for another to be made or to give way.</returns>
    private async Task<Batch?> PrepareRetryAsync(Batch batch, ValidationPulse pulse, CancellationToken ct)
    {
        switch (await retries.PrepareAsync(batch, pulse, ct))
        {
            case ({ Status: BatchStatus.Validating } prepared, _):
                return prepared;
            case (_, { } problem):
                await FailAsync(batch.Key, [problem], ct);
                return null;
            case (null, _): // The sweep sends the message again.
                await NoteTriedAsync(batch.Key, ct);
                return null;
            default:
                await EndOrAdvanceAsync(batch.Key, ct);
                return null;
        }
    }

    private async Task<int> WindowOfAsync(InputReading reading, CancellationToken ct) => ChunkWindow.Of(
        reading.Chunks.Count,
        reading.Lines,
        upstreams.KnownLimitOf(reading.Model),
        reading.Chunks.Count > 1 ? await active.CountAsync(ChunkWindow.MostCounted, ct) : 1,
        options.Value.ChunkWindow);

    private async Task FailAsync(BatchKey key, IReadOnlyList<BatchError> errors, CancellationToken ct)
    {
        await batches.MutateAsync(key, current => current.Status == BatchStatus.Validating ? current.Fail(errors, time.GetUtcNow()) : null, ct);
        await steps.ReachedAsync(ProtocolStep.ValidationFailedWritten, ct);
        await EndOrAdvanceAsync(key, ct);
    }

    private async Task EndOrAdvanceAsync(BatchKey key, CancellationToken ct)
    {
        if (await batches.FindAsync(key, ct) is { } batch && batch.Status.HasEnded())
        {
            await finish.FinishAsync(batch, ct);
        }
        else
        {
            await queues.AskAdvanceAsync(key, ct);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Batch {BatchId} could not be validated, since storage failed; the sweep sends the message again.")]
        public static partial void LetGo(ILogger logger, Exception e, string batchId);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Batch {BatchId}: that its validation was tried could not be noted; it may be tried again later than it need.")]
        public static partial void NotNoted(ILogger logger, Exception e, string batchId);

        [LoggerMessage(Level = LogLevel.Error, Message = "Batch {BatchId} cannot be run: its input has been cut into other chunks before.")]
        public static partial void ChunksDiffer(ILogger logger, Exception e, string batchId);
    }
}
