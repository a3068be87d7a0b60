using BatchFunctions.Configuration;
using BatchFunctions.Ids;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Wakeups;

/// <summary>
/// Advances whose messages this process has sent and nobody can have been handed yet, since they were sent with a delay.
/// Such an advance will read what has been written by now, so that asking for another would be in vain.
/// </summary>
internal sealed class AskedAdvances(IOptions<BatchOptions> options, TimeProvider time) : IDisposable
{
    private readonly MemoryCache _asked = new(new MemoryCacheOptions());

    /// <summary>Whether an advance of the batch is on its way.</summary>
    public bool IsOnItsWay(BatchKey batch) =>
        _asked.TryGetValue(batch, out long asked)

            // Not quite the whole delay: storage's clock may run faster than this one.
            && time.GetElapsedTime(asked) < options.Value.AdvanceDelay * 0.9;

    /// <summary>Notes that an advance has been sent.</summary>
    /// <param name="batch">Of this batch.</param>
    /// <param name="asked">A timestamp from before it was sent.</param>
    public void Note(BatchKey batch, long asked) => _asked.Set(batch, asked, TimeSpan.FromMinutes(10));

    /// <inheritdoc/>
    public void Dispose() => _asked.Dispose();
}
