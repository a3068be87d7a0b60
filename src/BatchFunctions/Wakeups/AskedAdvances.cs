using BatchFunctions.Configuration;
using BatchFunctions.Ids;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Wakeups;

/// <summary>
/// Advances whose messages this process has sent with a delay, so that nobody can have received them yet. Such an
/// advance will see everything written so far, so asking for another would be pointless.
/// </summary>
internal sealed class AskedAdvances(IOptions<BatchOptions> options, TimeProvider time) : IDisposable
{
    private readonly MemoryCache _asked = new(new MemoryCacheOptions());

    /// <summary>Whether an advance of the batch is on its way.</summary>
    public bool IsOnItsWay(BatchKey batch) =>
        _asked.TryGetValue(batch, out long asked)

            // Not quite the whole delay, since storage's clock may run faster than this one.
            && time.GetElapsedTime(asked) < options.Value.AdvanceDelay * 0.9;

    /// <summary>Records that an advance has been sent.</summary>
    /// <param name="batch">The batch to advance.</param>
    /// <param name="asked">A timestamp from before the message was sent.</param>
    public void Note(BatchKey batch, long asked) => _asked.Set(batch, asked, TimeSpan.FromMinutes(10));

    /// <inheritdoc/>
    public void Dispose() => _asked.Dispose();
}
