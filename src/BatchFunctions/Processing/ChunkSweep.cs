using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Configuration;
using BatchFunctions.Telemetry;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Processing;

/// <summary>What the sweep does about the chunks of a batch that runs: it wakes those that are forsaken, and those whose message is lost.</summary>
internal sealed partial class ChunkSweep(
    ChunkStore chunks, BatchLooks looks, BatchQueues queues, RareLog rare, IOptions<BatchOptions> options, ILogger<ChunkSweep> logger)
{
    private readonly BatchOptions _options = options.Value;

    /// <summary>Looks after the chunks of a batch.</summary>
    /// <param name="batch">The batch, which runs.</param>
    /// <param name="row">Its active row.</param>
    /// <param name="seen">Receives the leases that hold.</param>
    /// <param name="now">The time.</param>
    /// <param name="ct">Fires when the host shuts down.</param>
    public async Task<SweptChunks> RunAsync(Batch batch, ActiveBatch row, ActiveBatchCensus seen, DateTimeOffset now, CancellationToken ct)
    {
        var swept = new SweptChunks { IsCalm = true, Next = DateTimeOffset.MaxValue };
        var succession = new ChunkSuccession(batch, now);
        await foreach (var chunk in chunks.ListAsync(batch.Id, ct))
        {
            // One that waits for its upstream keeps those back that follow it: they would wait as well.
            var waits = chunk is { Ended: false, Owner: null } && row.Waiting.Contains(chunk.Number);
            swept.IsCalm &= now - chunk.WrittenAt > looks.Calm;
            if (!waits)
            {
                succession.See(chunk);
            }

            if (chunk.Ended)
            {
                continue;
            }

            if (chunk.Unreadable is { } reason)
            {
                swept.IsCalm = false;
                if (rare.IsNews($"unreadable {batch.Id} {chunk.Number}"))
                {
                    Log.ChunkUnreadable(logger, batch.Id, chunk.Number, reason);
                }

                continue;
            }

            swept.Open++;
            if (chunk.IsHeld(now))
            {
                swept.IsHeld = true;
                seen.AddLease(chunk.LeaseUntil!.Value);
            }
            else if (!waits)
            {
                await SweepFreeAsync(batch, chunk, succession, swept, seen, now, ct);
            }
        }

        return swept;
    }

    /// <summary>
    /// Looks after a chunk that nobody holds. The row is written first: it keeps the next sweep from sending another message at once. A worker
    /// that is late rather than dead may take the chunk back with its next checkpoint, until another has claimed it: its answers are paid for.
    /// </summary>
    private async Task SweepFreeAsync(
        Batch batch, Chunk chunk, ChunkSuccession succession, SweptChunks swept, ActiveBatchCensus seen, DateTimeOffset now, CancellationToken ct)
    {
        swept.IsOwed |= chunk.NotBefore is not null || succession.IsDue(chunk);
        var due = chunk.ForsakenAt(_options.WakeUpLost)
            ?? succession.DueSince(chunk) + _options.WakeUpLost
            ?? succession.UnclaimedFrom(chunk, _options.WakeUpLost);
        var isForgotten = succession.IsForgotten(chunk, _options.WakeUpLost)
            || (succession.IsUnclaimed(chunk, _options.WakeUpLost) && await IsNoneWaitingAsync(seen, ct));
        if (isForgotten || chunk.IsForsaken(now, _options.WakeUpLost))
        {
            // Where another was faster the batch may have come to its end by that, and its writer may be dead by now.
            swept.IsCalm = false;
            if (await TryWakeAsync(chunk, now, ct))
            {
                await queues.SendChunkAsync(batch.Key, chunk.Number, TimeSpan.Zero, ct);
            }
        }
        else if (due < swept.Next)
        {
            swept.Next = due.Value;
        }
    }

    /// <summary>
    /// Whether no chunk's message waits to be fetched, so that those which nobody has claimed are in the hands of somebody: of one who
    /// would have claimed them by now, or who is dead. Looked at once in a sweep, and only where that matters.
    /// </summary>
    private async Task<bool> IsNoneWaitingAsync(ActiveBatchCensus seen, CancellationToken ct) =>
        seen.IsChunkQueueEmpty ??= await queues.IsChunkQueueEmptyAsync(ct);

    /// <returns>Whether the chunk, which is forsaken or forgotten, is woken.</returns>
    private async Task<bool> TryWakeAsync(Chunk chunk, DateTimeOffset now, CancellationToken ct)
    {
        if (await chunks.TryUpdateAsync(chunk.Wake(now), ct) is not null)
        {
            return true;
        }

        // Another was faster, be it a dead worker's last write, which was on its way: then the chunk is as forsaken as before.
        return await chunks.FindAsync(chunk.Batch.Id, chunk.Number, ct) is { Ended: false, Unreadable: null } since
            && since.IsForsaken(now, _options.WakeUpLost)
            && await chunks.TryUpdateAsync(since.Wake(now), ct) is not null;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Batch {BatchId}, chunk {Chunk}: its row cannot be read ({Reason}); unless the row is mended the batch fails, with the results of the others.")]
        public static partial void ChunkUnreadable(ILogger logger, string batchId, int chunk, string reason);
    }
}

/// <summary>What the sweep has seen of a batch's chunks.</summary>
internal sealed class SweptChunks
{
    /// <summary>Chunks that can be read and have not ended.</summary>
    public int Open { get; set; }

    /// <summary>Whether one of them is held.</summary>
    public bool IsHeld { get; set; }

    /// <summary>Whether one that nobody holds should have a message.</summary>
    public bool IsOwed { get; set; }

    /// <summary>Whether all can be read, and none was written lately, nor now.</summary>
    public bool IsCalm { get; set; }

    /// <summary>When something may be to be done about one that nobody holds.</summary>
    public DateTimeOffset Next { get; set; }
}
