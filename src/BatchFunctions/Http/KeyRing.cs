using System.Security.Cryptography;
using System.Text;
using BatchFunctions.Keys;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Caching.Memory;

namespace BatchFunctions.Http;

/// <summary>
/// Authenticates requests. A key is looked up once and cached for a minute; a text that does not have the form of a key
/// is never looked up, and unknown keys are cached as well, in a cache of bounded size: otherwise anybody could run up
/// storage transactions.
/// </summary>
internal sealed class KeyRing(ApiKeyStore store, TimeProvider time) : IDisposable
{
    public static readonly TimeSpan RememberedFor = TimeSpan.FromMinutes(1);

    private const string Scheme = "Bearer";
    private const int RememberedKeys = 10_000;

    private readonly MemoryCache _known = new(new MemoryCacheOptions { SizeLimit = RememberedKeys });
    private readonly MemoryCache _unknown = new(new MemoryCacheOptions { SizeLimit = RememberedKeys });

    /// <exception cref="ApiException">The key is missing or invalid.</exception>
    public async ValueTask<ApiCaller> AuthenticateAsync(HttpRequest request, CancellationToken ct)
    {
        var key = KeyOf(request.Headers.Authorization.ToString().Trim());
        return ApiKeyStore.IsKey(key) && await FindAsync(key, ct) is { } project
            ? new ApiCaller(project)
            : throw new ApiException(ApiError.WrongKey);
    }

    public void Dispose()
    {
        _known.Dispose();
        _unknown.Dispose();
    }

    private static string KeyOf(string header)
    {
        var rest = header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header.AsSpan(Scheme.Length) : default;
        return header.Length == 0 || (rest.IsEmpty && header.Length == Scheme.Length) ? throw new ApiException(ApiError.NoKey)
            : rest is [' ' or '\t', ..] ? rest.Trim().ToString()
            : throw new ApiException(ApiError.KeyWithoutScheme);
    }

    private async ValueTask<string?> FindAsync(string key, CancellationToken ct)
    {
        // Cached by hash: a dump of the process shows only the keys of requests in progress.
        var hash = new Hash(SHA256.HashData(Encoding.ASCII.GetBytes(key)));
        var now = time.GetUtcNow();
        if (TryRecall(_known, hash, now, out var project) || TryRecall(_unknown, hash, now, out project))
        {
            return project;
        }

        var record = await store.FindAsync(key, ct);
        project = record is { RevokedAt: null } ? record.Project : null;
        var cache = project is null ? _unknown : _known;
        cache.Set(
            hash,
            new Remembered(project, now),
            new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = RememberedFor });
        return project;
    }

    private static bool TryRecall(MemoryCache cache, Hash hash, DateTimeOffset now, out string? project)
    {
        project = null;
        if (!cache.TryGetValue(hash, out Remembered? remembered) || now - remembered!.At >= RememberedFor)
        {
            return false;
        }

        project = remembered.Project;
        return true;
    }

    private readonly record struct Hash(UInt128 High, UInt128 Low)
    {
        public Hash(byte[] sha256)
            : this(
                System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(sha256),
                System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(sha256.AsSpan(16)))
        {
        }
    }

    private sealed record Remembered(string? Project, DateTimeOffset At);
}
