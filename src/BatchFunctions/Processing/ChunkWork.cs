using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Configuration;
using BatchFunctions.Ids;
using BatchFunctions.Telemetry;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Processing;

/// <summary>
/// Handles a chunk's message, in this order: reads batch and chunk, claims the chunk, runs it (each checkpoint is a
/// commit), writes its end or hand-over, sends the follow-up, and only then lets the message go. A crash anywhere
/// leaves the message, which comes again; at worst the calls in flight since the last checkpoint are made again.
/// </summary>
internal sealed partial class ChunkWork(
    ChunkStore chunks,
    BatchWatch watch,
    ChunkRuns runs,
    ChunkFollowUp followUp,
    ChunkClosing closing,
    BatchQueues queues,
    IOptions<BatchOptions> options,
    TimeProvider time,
    ILogger<ChunkWork> logger)
{
    /// <param name="key">The batch.</param>
    /// <param name="number">The chunk's number.</param>
    /// <param name="goesOn">Whether what the chunk waits for is there, so that it may be claimed before its time.</param>
    /// <param name="ct">Fires when the host shuts down.</param>
    public async Task RunAsync(BatchKey key, int number, bool goesOn, CancellationToken ct)
    {
        if (await watch.ReadUnlessRunningAsync(key, ct) is not { } batch
            || batch.Status is not (BatchStatus.InProgress or BatchStatus.Cancelling)
            || await chunks.FindAsync(key.Id, number, ct) is not { } chunk)
        {
            // Ended, or not there: either nothing is left to do, or whoever moves the batch forward sends the message
            // again.
            return;
        }

        if (chunk.Unreadable is not null)
        {
            // The sweep says so, and an advance ends the batch in time.
            return;
        }

        if (chunk.Ended)
        {
            // The run that ended it may not have got as far as sending the next, or as asking.
            if (ChunkWindow.NextAfter(batch, number) is { } next
                && await chunks.FindAsync(key.Id, next, ct) is { Ended: false, Epoch: 0, Unreadable: null })
            {
                await followUp.SendNextAsync(batch, number, ct);
            }

            await queues.AskAdvanceAsync(key, ct);
            return;
        }

        var now = time.GetUtcNow();
        if (chunk.IsHeld(now))
        {
            await PutOffAsync(chunk, chunk.LeaseUntil!.Value - now, ct);
        }
        else if (ReasonToClose(batch, chunk, now) is { } reason)
        {
            await closing.TryCloseAsync(batch, chunk, reason, ct);
            if (batch.Status == BatchStatus.InProgress)
            {
                await followUp.SendNextAsync(batch, number, ct);
            }

            await queues.AskAdvanceAsync(key, ct);
        }
        else if (chunk.NotBefore > now && !goesOn)
        {
            await PutOffAsync(chunk, chunk.NotBefore.Value - now, ct);
        }
        else if (await runs.TryClaimAsync(chunk, ct) is { } claimed)
        {
            await RunAsync(batch, claimed, ct);
        }
        else
        {
            await PutOffAsync(chunk, options.Value.Lease, ct);
        }
    }

    /// <summary>
    /// Runs the one chunk of a batch whose row has just been written, claimed when it was inserted. Where the run comes to an end
    /// that it should not, the chunk goes on by a message of its own, as any other does.
    /// </summary>
    /// <param name="batch">The batch as it was written.</param>
    /// <param name="claimed">Its only chunk.</param>
    /// <param name="ct">Fires when the host shuts down.</param>
    public async Task RunOnlyAsync(Batch batch, Chunk claimed, CancellationToken ct)
    {
        watch.Note(batch);
        try
        {
            await RunAsync(batch, claimed, ct);
        }
        catch (ChunkFaultException e)
        {
            Log.Fault(logger, e, batch.Id);
            await queues.SendChunkAsync(batch.Key, claimed.Number, options.Value.Upstream.RetryDelay, ct);
        }
    }

    /// <inheritdoc cref="RunAsync(BatchKey, int, bool, CancellationToken)"/>
    public Task RunAsync(BatchKey key, int number, CancellationToken ct) => RunAsync(key, number, goesOn: false, ct);

    private static CloseReason? ReasonToClose(Batch batch, Chunk chunk, DateTimeOffset now) =>
        CloseReason.Of(batch, now) ?? (chunk.IsStruckOut ? CloseReason.InternalError : null);

    private async Task RunAsync(Batch batch, Chunk claimed, CancellationToken ct)
    {
        using var span = BatchTracing.StartRun(batch.Id, claimed.Number, claimed.Epoch);
        var began = time.GetTimestamp();
        var (end, chunk) = await runs.RunAsync(batch, claimed, ct);
        await followUp.RunAsync(batch, chunk, began, end, ct);
    }

    /// <summary>
    /// Sends a copy of the message for later, and lets this one go: a message that failed as "busy" would be poison
    /// after five tries.
    /// </summary>
    private Task PutOffAsync(Chunk chunk, TimeSpan delay, CancellationToken ct) =>
        queues.SendChunkAsync(chunk.Batch, chunk.Number, delay + TimeSpan.FromSeconds(1), ct);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Batch {BatchId}: the run of its only chunk failed; its message comes next.")]
        public static partial void Fault(ILogger logger, Exception e, string batchId);
    }
}
