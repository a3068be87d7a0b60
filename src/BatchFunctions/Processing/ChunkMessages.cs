using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Wakeups;

namespace BatchFunctions.Processing;

/// <summary>Sends the messages of many chunks of a batch, side by side. A crash in between leaves chunks that the sweep finds unclaimed.</summary>
internal sealed class ChunkMessages(ChunkStore chunks, BatchQueues queues, TimeProvider time)
{
    private const int SentAtOnce = 16;

    /// <summary>Sends those of the first window (<see cref="ChunkWindow"/>).</summary>
    /// <param name="batch">The batch, which has just begun.</param>
    /// <param name="all">All of its chunks.</param>
    /// <param name="ct">Fires when the host shuts down.</param>
    public Task SendFirstAsync(Batch batch, IEnumerable<Chunk> all, CancellationToken ct) =>
        SendAsync(batch, all.Take(batch.ChunkWindow ?? int.MaxValue).ToAsyncEnumerable(), ct);

    /// <summary>
    /// Sends those of the chunks that should have one and have never been claimed. Those that wait for a given time have a message,
    /// or get one from the sweep once that time has passed.
    /// </summary>
    /// <param name="batch">The batch.</param>
    /// <param name="ct">Fires when the host shuts down.</param>
    public Task SendUnclaimedAsync(Batch batch, CancellationToken ct)
    {
        var succession = new ChunkSuccession(batch, time.GetUtcNow());
        return SendAsync(batch, chunks.ListAsync(batch.Id, ct).Where(IsDue), ct);

        bool IsDue(Chunk chunk)
        {
            succession.See(chunk);
            return chunk is { Ended: false, Owner: null, NotBefore: null, Unreadable: null } && succession.IsDue(chunk);
        }
    }

    private Task SendAsync(Batch batch, IAsyncEnumerable<Chunk> some, CancellationToken ct) => Parallel.ForEachAsync(
        some,
        new ParallelOptions { MaxDegreeOfParallelism = SentAtOnce, CancellationToken = ct },
        async (chunk, token) => await queues.SendChunkAsync(batch.Key, chunk.Number, TimeSpan.Zero, token));
}
