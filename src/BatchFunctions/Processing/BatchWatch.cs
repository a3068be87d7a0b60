using BatchFunctions.Batches;
using BatchFunctions.Configuration;
using BatchFunctions.Ids;
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

    private readonly Lock _lock = new();
    private readonly MemoryCache _cache = new(new MemoryCacheOptions());

    public Task<Batch?> GetAsync(BatchKey key, CancellationToken ct) => ReadingOf(key).Batch.WaitAsync(ct);

    /// <summary>
    /// The batch as the chunks that run here know it, which saves each chunk a read: a cancel is seen as late as they
    /// see it, and by this chunk's run as soon. That it does not run is not believed without a look.
    /// </summary>
    public async Task<Batch?> ReadUnlessRunningAsync(BatchKey key, CancellationToken ct) =>
        await GetAsync(key, ct) is { Status: BatchStatus.InProgress } running
            ? running
            : await batches.FindAsync(key, ct);

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

    /// <summary>A reading that is young enough, be it under way: chunks that begin together ask once.</summary>
    private Reading ReadingOf(BatchKey key)
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            if (_cache.TryGetValue(key, out Reading? last)
                && now - last!.At < options.Value.StatusPoll
                && last.Batch is { IsCompleted: false } or { IsCompletedSuccessfully: true })
            {
                return last;
            }

            // Of nobody's own: who asked first may go before the answer comes. The cache's expiry only clears away what
            // nobody asks for any more; how old is too old is decided above.
            var reading = new Reading(batches.FindAsync(key, CancellationToken.None), now);
            _cache.Set(key, reading, TimeSpan.FromMinutes(1));
            return reading;
        }
    }

    private sealed record Reading(Task<Batch?> Batch, DateTimeOffset At);
}
