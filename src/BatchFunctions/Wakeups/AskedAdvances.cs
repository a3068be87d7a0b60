using BatchFunctions.Ids;
using Microsoft.Extensions.Caching.Memory;

namespace BatchFunctions.Wakeups;

/// <summary>Advances whose messages this process has sent with a delay, for as long as nobody can have received them.</summary>
internal sealed class AskedAdvances(TimeProvider time) : IDisposable
{
    private readonly MemoryCache _asked = new(new MemoryCacheOptions());

    /// <summary>Whether an advance of the batch is on its way.</summary>
    public bool IsOnItsWay(BatchKey batch) =>
        _asked.TryGetValue(batch, out DelayedMessage? asked) && asked!.IsOnItsWay(time);

    /// <summary>Records that an advance has been sent.</summary>
    /// <param name="batch">The batch to advance.</param>
    /// <param name="asked">Its message.</param>
    public void Note(BatchKey batch, DelayedMessage asked) => _asked.Set(batch, asked, TimeSpan.FromMinutes(10));

    /// <inheritdoc/>
    public void Dispose() => _asked.Dispose();
}
