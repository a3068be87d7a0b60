using System.Security.Cryptography;
using System.Text;
using BatchFunctions.Keys;
using Microsoft.Extensions.Caching.Memory;

namespace BatchFunctions.Http;

/// <summary>
/// Finds the project of a key. A key is looked up once and cached for a minute. Anybody may send any text, and must not be
/// able to run up storage transactions or crowd out others: a text without the form and the checksum of a key is never
/// looked up, keys of before are looked up in a shared listing, and a made-up key whose checksum is right is read once,
/// among few at a time.
/// </summary>
internal sealed class KeyRing(ApiKeyStore store, TimeProvider time) : IDisposable
{
    public static readonly TimeSpan RememberedFor = TimeSpan.FromMinutes(1);

    /// <summary>How many keys that were never seen to be good are read at once.</summary>
    public const int ReadsAtOnce = 8;

    private const int RememberedKeys = 10_000;

    /// <summary>How long a good key is known to have been one: it is read again without waiting behind unknown ones.</summary>
    private static readonly TimeSpan KnownFor = TimeSpan.FromHours(1);

    private readonly MemoryCache _known = new(new MemoryCacheOptions { SizeLimit = RememberedKeys });
    private readonly MemoryCache _unknown = new(new MemoryCacheOptions { SizeLimit = RememberedKeys });
    private readonly SemaphoreSlim _reads = new(ReadsAtOnce);
    private readonly OldKeys _oldKeys = new(store, time);

    /// <summary>The project of a text that should be a key; null if it is none, unknown or revoked.</summary>
    /// <exception cref="ApiException">The key has expired.</exception>
    public async ValueTask<string?> ProjectOfAsync(string key, CancellationToken ct) =>
        (ApiKeyStore.IsKey(key) ? await FindAsync(key, ct) : null) switch
        {
            null => null,

            // What is remembered of a key is a minute old; whether it has expired is told by the clock, each time.
            { ExpiresAt: { } end } when end <= time.GetUtcNow() => throw new ApiException(ApiError.KeyExpired(end)),
            { } known => known.Project,
        };

    public void Dispose()
    {
        _known.Dispose();
        _unknown.Dispose();
        _reads.Dispose();
    }

    private async ValueTask<Remembered?> FindAsync(string key, CancellationToken ct)
    {
        // Cached by hash: a dump of the process shows only the keys of requests in progress.
        var hash = new Hash(SHA256.HashData(Encoding.ASCII.GetBytes(key)));
        var wasGood = _known.TryGetValue(hash, out Remembered? known);
        if (wasGood && IsFresh(known!))
        {
            return known;
        }

        if (KeyForm.IsOld(key))
        {
            var (record, at) = await _oldKeys.FindAsync(key, ct);
            return Remember(hash, record, at);
        }

        return wasGood ? await ReadAsync(key, hash, ct) : await ReadInTurnAsync(key, hash, ct);
    }

    private async Task<Remembered?> ReadInTurnAsync(string key, Hash hash, CancellationToken ct)
    {
        if (IsUnknown(hash))
        {
            return null;
        }

        await _reads.WaitAsync(ct);
        try
        {
            return IsUnknown(hash) ? null : await ReadAsync(key, hash, ct);
        }
        finally
        {
            _reads.Release();
        }
    }

    private async Task<Remembered?> ReadAsync(string key, Hash hash, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var known = Remember(hash, await store.FindAsync(key, ct), now);
        if (known is null)
        {
            _unknown.Set(hash, new Remembered("", now, null), Entry(RememberedFor));
        }

        return known;
    }

    private Remembered? Remember(Hash hash, ApiKey? record, DateTimeOffset at)
    {
        if (record is not { RevokedAt: null })
        {
            _known.Remove(hash);
            return null;
        }

        var known = new Remembered(record.Project, at, record.ExpiresAt);
        _known.Set(hash, known, Entry(KnownFor));
        return known;
    }

    private static MemoryCacheEntryOptions Entry(TimeSpan life) => new() { Size = 1, AbsoluteExpirationRelativeToNow = life };

    private bool IsUnknown(Hash hash) => _unknown.TryGetValue(hash, out Remembered? remembered) && IsFresh(remembered!);

    private bool IsFresh(Remembered remembered) => time.GetUtcNow() - remembered.At < RememberedFor;

    private readonly record struct Hash(UInt128 High, UInt128 Low)
    {
        public Hash(byte[] sha256)
            : this(
                System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(sha256),
                System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(sha256.AsSpan(16)))
        {
        }
    }

    private sealed record Remembered(string Project, DateTimeOffset At, DateTimeOffset? ExpiresAt);
}
