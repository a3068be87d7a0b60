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

    public void Dispose() => _cache.Dispose();

    private sealed record Reading(Batch? Batch, DateTimeOffset At);
}
