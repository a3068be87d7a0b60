using BatchFunctions.Batches;
using BatchFunctions.Chunks;

namespace BatchFunctions.Processing;

/// <summary>
/// Which chunks of a batch should have a message by now, as its rows are read in order: those of the first window, and those whose
/// predecessor has ended or is begun and held by nobody: one that waits, for whatever reason, keeps no other back.
/// </summary>
internal sealed class ChunkSuccession(Batch batch, DateTimeOffset now)
{
    private readonly Dictionary<int, DateTimeOffset> _givesWay = [];

    /// <summary>Takes note of a chunk; all with lower numbers have been seen.</summary>
    public void See(Chunk chunk)
    {
        if (chunk.Ended || (chunk.Epoch > 0 && !chunk.IsHeld(now)))
        {
            _givesWay[chunk.Number] = chunk.WrittenAt;
        }
    }

    /// <summary>Whether a message for the chunk should have been sent.</summary>
    public bool IsDue(Chunk chunk) =>
        ChunkWindow.Before(batch, chunk.Number) is not { } before || _givesWay.ContainsKey(before);

    /// <summary>
    /// Whether the chunk's message, which its predecessor's end should have sent, has been due for longer than the given time and
    /// nobody has claimed it, so that it may be lost.
    /// </summary>
    public bool IsForgotten(Chunk chunk, TimeSpan lost) =>
        DueSince(chunk) is { } since
        && now - since > lost;

    /// <summary>
    /// Whether the chunk is of the first window, has had a message for longer than the given time, and has been claimed by nobody. Its message
    /// waits behind others, or is in the hands of a worker that died over it.
    /// </summary>
    public bool IsUnclaimed(Chunk chunk, TimeSpan lost) => now - SentAt(chunk) > lost;

    /// <summary>
    /// When a chunk of the first window will count as unclaimed; null for others, and for one that does already, and whose message waits
    /// behind others.
    /// </summary>
    public DateTimeOffset? UnclaimedFrom(Chunk chunk, TimeSpan lost) => SentAt(chunk) + lost is { } from && from >= now ? from : null;

    /// <summary>Since when a chunk that nobody has claimed has been due; null for others, and for those of the first window.</summary>
    public DateTimeOffset? DueSince(Chunk chunk) =>
        chunk is { Epoch: 0, NotBefore: null }
        && ChunkWindow.Before(batch, chunk.Number) is { } before
        && _givesWay.TryGetValue(before, out var since) ? since : null;

    /// <summary>When a chunk of the first window that nobody has claimed was sent its message; null for others.</summary>
    private DateTimeOffset? SentAt(Chunk chunk) =>
        chunk is { Epoch: 0, NotBefore: null } && ChunkWindow.Before(batch, chunk.Number) is null ? batch.SentAgainAt ?? batch.InProgressAt : null;
}
