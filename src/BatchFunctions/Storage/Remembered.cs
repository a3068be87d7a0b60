using Microsoft.Extensions.Caching.Memory;

namespace BatchFunctions.Storage;

/// <summary>
/// What this process has just written and is likely to ask for next. Nothing may depend on it: what is not remembered is read, and what
/// is decided by it is checked by a write under an ETag, or does not change.
/// </summary>
/// <typeparam name="TKey">What it is asked for by.</typeparam>
/// <typeparam name="TValue">What is remembered.</typeparam>
/// <param name="mostBytes">How much is remembered at once, about; what is beyond that is not.</param>
internal sealed class Remembered<TKey, TValue>(long mostBytes) : IDisposable
    where TKey : notnull
    where TValue : notnull
{
    /// <summary>How long something is remembered that nobody asks for.</summary>
    private static readonly TimeSpan KeptFor = TimeSpan.FromMinutes(10);

    private readonly MemoryCache _entries = new(new MemoryCacheOptions { SizeLimit = mostBytes });

    /// <summary>Remembers a value.</summary>
    /// <param name="key">What it is asked for by.</param>
    /// <param name="value">The value.</param>
    /// <param name="bytes">How much memory it takes, about.</param>
    public void Keep(TKey key, TValue value, long bytes) =>
        _entries.Set(key, value, new MemoryCacheEntryOptions { Size = bytes, AbsoluteExpirationRelativeToNow = KeptFor });

    /// <summary>Whether a value is remembered.</summary>
    public bool TryFind(TKey key, out TValue? value) => _entries.TryGetValue(key, out value);

    /// <summary>Takes a value out, if it is remembered.</summary>
    public bool TryTake(TKey key, out TValue? value)
    {
        if (!_entries.TryGetValue(key, out value))
        {
            return false;
        }

        _entries.Remove(key);
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _entries.Dispose();
}
