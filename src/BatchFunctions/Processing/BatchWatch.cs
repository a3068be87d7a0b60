using BatchFunctions.Batches;
using BatchFunctions.Configuration;
using BatchFunctions.Ids;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Processing;

/// <summary>
/// A batch's row, at most <see cref="BatchOptions.StatusPoll"/> old: all chunks of a batch that run in one process
/// share one read to notice a cancel.
/// </summary>
internal sealed class BatchWatch(BatchStore batches, IOptions<BatchOptions> options, TimeProvider time) : IDisposable
{
    /// <summary>How often a process updates a batch's counts while its chunks run.</summary>
    private static readonly TimeSpan ProgressGap = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly MemoryCache _cache = new(new MemoryCacheOptions());

    public Task<Batch?> GetAsync(BatchKey key, CancellationToken ct) =>
        ct.IsCancellationRequested ? Task.FromCanceled<Batch?>(ct) : ReadingOf(key).Batch.WaitAsync(ct);

    /// <summary>Takes a batch as it was just written for a reading of its row.</summary>
    public void Note(Batch batch)
    {
        lock (_lock)
        {
            _cache.Set(batch.Key, new Reading(Task.FromResult<Batch?>(batch), time.GetUtcNow()), TimeSpan.FromMinutes(1));
        }
    }

    /// <summary>
    /// The batch as the chunks that run here know it, which saves each chunk a read: a cancel is noticed when they
    /// notice it, and this chunk's run notices it as soon. Only a status other than <c>in_progress</c> is checked by a
    /// fresh read.
    /// </summary>
    public async Task<Batch?> ReadUnlessRunningAsync(BatchKey key, CancellationToken ct) =>
        await GetAsync(key, ct) is { Status: BatchStatus.InProgress } running
            ? running
            : await batches.FindAsync(key, ct);

    /// <summary>
    /// Whether it is this process's turn to ask for an advance of the batch just for its counts. Advances that must be
    /// asked for (after a chunk's end) do not wait for a turn.
    /// </summary>
    public bool TryTakeProgressTurn(BatchKey key) => TryTakeTurn(key, hasProgressed: true);

    /// <summary>
    /// Whether it is this process's turn, and lines have been committed since its last one: without it the counts would
    /// stay behind for as long as the lines that are left take.
    /// </summary>
    public bool TryTakeOwedTurn(BatchKey key) => TryTakeTurn(key, hasProgressed: false);

    public void Dispose() => _cache.Dispose();

    /// <summary>Records that the advance of the last turn could not be asked for.</summary>
    public void Owe(BatchKey key)
    {
        lock (_lock)
        {
            _cache.Set((key, nameof(ProgressTurn)), new ProgressTurn(time.GetUtcNow(), IsOwed: true), TimeSpan.FromMinutes(1));
        }
    }

    private bool TryTakeTurn(BatchKey key, bool hasProgressed)
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            var last = _cache.Get<ProgressTurn>((key, nameof(ProgressTurn)));
            var isDue = last is null || now - last.Taken >= ProgressGap;
            var isOwed = hasProgressed || last is { IsOwed: true };
            if (isOwed)
            {
                var turn = isDue ? new ProgressTurn(now, IsOwed: false) : last! with { IsOwed = true };
                _cache.Set((key, nameof(ProgressTurn)), turn, TimeSpan.FromMinutes(1));
            }

            return isDue && isOwed;
        }
    }

    /// <summary>
    /// A recent enough reading, even one still under way: chunks that start together share one request.
    /// </summary>
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

            // Not cancelled with any caller: whoever asked first may leave before the answer comes. The cache's expiry
            // only removes what nobody asks for any more; the age limit is checked above.
            var reading = new Reading(batches.FindAsync(key, CancellationToken.None), now);
            _cache.Set(key, reading, TimeSpan.FromMinutes(1));
            return reading;
        }
    }

    /// <summary>The last turn to ask for an advance for the batch's counts.</summary>
    /// <param name="Taken">When it was.</param>
    /// <param name="IsOwed">Whether lines have been committed since.</param>
    private sealed record ProgressTurn(DateTimeOffset Taken, bool IsOwed);

    private sealed record Reading(Task<Batch?> Batch, DateTimeOffset At);
}
