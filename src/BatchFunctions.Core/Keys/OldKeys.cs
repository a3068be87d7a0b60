using System.Collections.Frozen;

namespace BatchFunctions.Keys;

/// <summary>
/// Finds keys without a checksum, of which anybody can make any number up. They are looked up in a listing of the table
/// that all callers share and that is a few seconds old at most: unknown ones cost no request each.
/// </summary>
internal sealed class OldKeys(ApiKeyStore store, TimeProvider time)
{
    /// <summary>How long a listing is used, counted from when it was asked for.</summary>
    public static readonly TimeSpan Age = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private Task<FrozenDictionary<string, Lazy<ApiKey>>>? _listing;
    private DateTimeOffset _askedAt;

    /// <summary>The record of a key, good or not, and when it was read; null if the key is unknown.</summary>
    /// <param name="key">The key.</param>
    /// <param name="ct">Cancels the wait, not the listing.</param>
    public async Task<(ApiKey? Record, DateTimeOffset At)> FindAsync(string key, CancellationToken ct)
    {
        var (listing, at) = Listing();
        return ((await listing.WaitAsync(ct)).GetValueOrDefault(ApiKeyStore.HashOf(key))?.Value, at);
    }

    private (Task<FrozenDictionary<string, Lazy<ApiKey>>> Listing, DateTimeOffset At) Listing()
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            if (_listing is null || _listing.IsFaulted || (_listing.IsCompleted && now - _askedAt >= Age))
            {
                // Not cancelled with any caller: whoever asked first may leave before the answer comes.
                _askedAt = now;
                _listing = store.ListByHashAsync(CancellationToken.None);
            }

            return (_listing, _askedAt);
        }
    }
}
