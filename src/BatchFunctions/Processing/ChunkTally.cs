using BatchFunctions.Batches;
using Microsoft.Extensions.Caching.Memory;

namespace BatchFunctions.Processing;

/// <summary>
/// Counts the chunks of a batch that have ended in this process. If all of them have ended here, whoever ends the last
/// knows that the batch can be finished, and need not wait for the message of an advance. If other processes have ended
/// some, the message does it.
/// </summary>
internal sealed class ChunkTally : IDisposable
{
    /// <summary>
    /// A batch none of whose chunks has ended here for this long is taken to be in other processes' hands.
    /// </summary>
    private static readonly TimeSpan KeptFor = TimeSpan.FromHours(1);

    private readonly Lock _lock = new();
    private readonly MemoryCache _ended = new(new MemoryCacheOptions());

    /// <summary>Records that a chunk has ended.</summary>
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
