using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Configuration;
using BatchFunctions.Ids;
using BatchFunctions.Protocol;
using BatchFunctions.Telemetry;
using BatchFunctions.Upstream;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Processing;

/// <summary>
/// What a chunk's message leads to. In this order: look at batch and chunk, claim the chunk, run it (each checkpoint is
/// a commit), write its end or hand-over, send what follows from that, and only then let the message go. A crash
/// anywhere leaves the message, which comes again, and at worst calls in flight since the last checkpoint to be made
/// again.
/// </summary>
internal sealed partial class ChunkWork(
    BatchStore batches,
    ChunkStore chunks,
    ChunkInput input,
    ChunkClosing closing,
    BatchAdvance advance,
    BatchBlobs blobs,
    BatchQueues queues,
    BatchWatch watch,
    ChunkTally tally,
    UpstreamClient upstream,
    UpstreamGate gate,
    BatchMetrics metrics,
    ProtocolSteps steps,
    IOptions<BatchOptions> options,
    TimeProvider time,
    ILogger<ChunkWork> logger)
{
    /// <summary>How long sending what follows a run may take when the host is shutting down.</summary>
    private static readonly TimeSpan AfterLimit = TimeSpan.FromSeconds(10);

    public async Task RunAsync(BatchKey key, int number, CancellationToken ct)
    {
        if (await ReadAsync(key, ct) is not { } batch
            || batch.Status is not (BatchStatus.InProgress or BatchStatus.Cancelling)
            || await chunks.FindAsync(key.Id, number, ct) is not { } chunk)
        {
            // Ended, or not there: whatever there was to do is done, or whoever puts the batch forward sends again.
            return;
        }

        if (chunk.Ended)
        {
            // The asking of the run that ended it may have been lost.
            await queues.AskAdvanceAsync(key, ct);
            return;
        }

        var now = time.GetUtcNow();
        if (chunk.IsHeld(now))
        {
            await PutOffAsync(chunk, chunk.LeaseUntil!.Value - now, ct);
        }
        else if (CloseReason.Of(batch, now) is { } reason)
        {
            await closing.TryCloseAsync(batch, chunk, reason, ct);
            await queues.AskAdvanceAsync(key, ct);
        }
        else if (chunk.NotBefore > now)
        {
            await PutOffAsync(chunk, chunk.NotBefore.Value - now, ct);
        }
        else if (await chunks.TryUpdateAsync(chunk.Claim(now + options.Value.Lease), ct) is { } claimed)
        {
            await steps.ReachedAsync(ProtocolStep.ChunkClaimed, ct);
            await RunAsync(batch, claimed, ct);
        }
        else
        {
            await PutOffAsync(chunk, options.Value.Lease, ct);
        }
    }

    /// <summary>
    /// The batch as the chunks that run here know it, which saves each chunk a read: a cancel is seen as late as they
    /// see it, and by this chunk's run as soon. That it does not run is not believed without a look.
    /// </summary>
    private async Task<Batch?> ReadAsync(BatchKey key, CancellationToken ct) =>
        await watch.GetAsync(key, ct) is { Status: BatchStatus.InProgress } running
            ? running
            : await batches.FindAsync(key, ct);

    private async Task RunAsync(Batch batch, Chunk claimed, CancellationToken ct)
    {
        using var span = BatchTracing.StartRun(batch.Id, claimed.Number, claimed.Epoch);
        using var checkpoints = new ChunkCheckpoints(claimed, chunks, blobs, steps, metrics, options, time);
        using var run = new ChunkRun(
            batch,
            checkpoints,
            input,
            upstream,
            gate,
            watch,
            token => watch.TryTakeProgressTurn(batch.Key) ? queues.AskAdvanceAsync(batch.Key, token) : Task.CompletedTask,
            metrics,
            options,
            time,
            logger);
        var end = await run.RunAsync(ct);

        // The host's token may have fired by now; what follows from the last write is sent all the same.
        using var limit = new CancellationTokenSource(AfterLimit, time);
        var chunk = checkpoints.Chunk;
        switch (end)
        {
            case ChunkRunEnd.Ended when tally.Add(batch, chunk.Number):
                // The last chunk, as far as this process can know: its end makes the batch's possible, so it is taken
                // at once. A crash on the way leaves this chunk's message, which asks for the advance.
                await advance.AdvanceAsync(batch.Key, ct);
                break;
            case ChunkRunEnd.Ended:
                await queues.AskAdvanceAsync(batch.Key, limit.Token);
                break;
            case ChunkRunEnd.HandedOver:
                await queues.SendChunkAsync(
                    batch.Key, chunk.Number, chunk.NotBefore - time.GetUtcNow() ?? TimeSpan.Zero, limit.Token);
                await steps.ReachedAsync(ProtocolStep.HandOverSent, limit.Token);
                await queues.AskAdvanceAsync(batch.Key, limit.Token);
                break;
            default:
                metrics.ChunkOvertaken();
                Log.Overtaken(logger, batch.Id, chunk.Number, chunk.Epoch);
                break;
        }
    }

    /// <summary>
    /// Sends a copy of the message for later, and lets this one go: a message that fails for "busy" would be poison
    /// after five tries.
    /// </summary>
    private Task PutOffAsync(Chunk chunk, TimeSpan delay, CancellationToken ct) =>
        queues.SendChunkAsync(chunk.Batch, chunk.Number, delay + TimeSpan.FromSeconds(1), ct);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Batch {BatchId}, chunk {Chunk}: the claim of epoch {Epoch} was overtaken; its late results are part of nothing.")]
        public static partial void Overtaken(ILogger logger, string batchId, int chunk, int epoch);
    }
}
