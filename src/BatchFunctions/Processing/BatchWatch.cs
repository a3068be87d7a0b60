using BatchFunctions.Batches;
using BatchFunctions.Configuration;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Processing;

/// <summary>
/// A batch's row, at most <see cref="BatchOptions.StatusPoll"/> old: the chunks of a batch that run in one process
/// look for a cancel with one read between them.
/// </summary>
internal sealed class BatchWatch(BatchStore batches, IOptions<BatchOptions> options, TimeProvider time) : IDisposable
{
    /// <summary>How often a process brings a batch's counts forward while its chunks run.</summary>
    private static readonly TimeSpan ProgressGap = TimeSpan.FromSeconds(10);

    private readonly MemoryCache _cache = new(new MemoryCacheOptions());

    public async Task<Batch?> GetAsync(BatchKey key, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        if (_cache.TryGetValue(key, out Reading? reading) && now - reading!.At < options.Value.StatusPoll)
        {
            return reading.Batch;
        }

        var batch = await batches.FindAsync(key, ct);

        // The cache's own expiry only clears away what nobody asks for any more; how old is too old is decided above.
        _cache.Set(key, new Reading(batch, now), TimeSpan.FromMinutes(1));
        return batch;
    }

    /// <summary>
    /// Whether it is time for this process to ask for an advance of the batch for the sake of its counts alone. What
    /// must be asked for (a chunk's end) is asked for regardless.
    /// </summary>
    public bool TryTakeProgressTurn(BatchKey key)
    {
        var now = time.GetUtcNow();
        var turn = (key, "progress");
        if (_cache.TryGetValue(turn, out DateTimeOffset taken) && now - taken < ProgressGap)
        {
            return false;
        }

        _cache.Set(turn, now, TimeSpan.FromMinutes(1));
        return true;
    }

    public void Dispose() => _cache.Dispose();

    private sealed record Reading(Batch? Batch, DateTimeOffset At);
}
