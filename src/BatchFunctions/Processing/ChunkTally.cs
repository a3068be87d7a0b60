using BatchFunctions.Batches;
using Microsoft.Extensions.Caching.Memory;

namespace BatchFunctions.Processing;

/// <summary>
/// Which chunks of a batch have ended in this process. Whoever ends the last of them, where all have ended here, knows
/// that the batch can be finished and need not wait for an advance's message. Where others have ended some, the message
/// it is.
/// </summary>
internal sealed class ChunkTally : IDisposable
{
    /// <summary>After so long without an end, a batch is taken to be in others' hands.</summary>
    private static readonly TimeSpan KeptFor = TimeSpan.FromHours(1);

    private readonly Lock _lock = new();
    private readonly MemoryCache _ended = new(new MemoryCacheOptions());

    /// <summary>Notes that a chunk has ended.</summary>
    /// <param name="batch">Its batch.</param>
    /// <param name="chunk">Its number.</param>
    /// <returns>Whether all chunks of the batch have ended in this process.</returns>
    public bool Add(Batch batch, int chunk)
    {
        lock (_lock)
        {
            if (!_ended.TryGetValue(batch.Key, out HashSet<int>? ended))
            {
                ended = [];
                _ended.Set(batch.Key, ended, new MemoryCacheEntryOptions { SlidingExpiration = KeptFor });
            }

            ended!.Add(chunk);
            if (ended.Count < batch.ChunkCount)
            {
                return false;
            }

            _ended.Remove(batch.Key);
            return true;
        }
    }

    public void Dispose() => _ended.Dispose();
}
