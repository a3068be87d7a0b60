using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Azure.Data.Tables;
using BatchFunctions.Storage;

namespace BatchFunctions.Keys;

/// <summary>The table of API keys, found by the SHA-256 of the key.</summary>
public sealed partial class ApiKeyStore
{
    /// <summary>The most characters of a key's label, which its row keeps.</summary>
    public const int LongestName = 256;

    /// <summary>
    /// The version of the rows of keys that expire: version 1 would take such a key for one that does not, so it must not read the row.
    /// </summary>
    private const int VersionOfExpiry = 2;

    private const string IdPrefix = "key_";
    private const int IdDigits = 16;
    private const string Partition = "key";

    private readonly TableClient _table;
    private readonly TimeProvider _time;

    /// <summary>A store in the storage account.</summary>
    /// <param name="tables">The account's table service.</param>
    /// <param name="time">The clock.</param>
    public ApiKeyStore(TableServiceClient tables, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(tables);
        _table = tables.GetTableClient(TableNames.ApiKeys);
        _time = time;
    }

    /// <summary>
    /// Whether a text is a valid project name: 1 to 63 lower-case letters, digits and hyphens, not beginning with a
    /// hyphen. The name is a partition key and part of blob paths.
    /// </summary>
    /// <param name="project">The text.</param>
    public static bool IsProjectName(string project) => ProjectName().IsMatch(project);

    /// <summary>
    /// Whether a text can be a key: it has the form and the checksum of one, or the form of a key of before, which had
    /// no checksum. Any other text is refused without a look-up in storage.
    /// </summary>
    /// <param name="key">The text.</param>
    public static bool IsKey(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return KeyForm.HasChecksum(key) || KeyForm.IsOld(key);
    }

    /// <summary>Creates a key for a project that does not expire.</summary>
    /// <inheritdoc cref="CreateAsync(string, string, TimeSpan?, CancellationToken)"/>
    public Task<NewApiKey> CreateAsync(string project, string name, CancellationToken ct) => CreateAsync(project, name, null, ct);

    /// <summary>Creates a key for a project.</summary>
    /// <param name="project">The project's name; see <see cref="IsProjectName"/>.</param>
    /// <param name="name">A label for people.</param>
    /// <param name="life">How long it opens the project; null if it does not expire.</param>
    /// <param name="ct">Cancels the operation.</param>
    /// <exception cref="ArgumentException"><paramref name="project"/> is not a valid project name.</exception>
    public async Task<NewApiKey> CreateAsync(string project, string name, TimeSpan? life, CancellationToken ct)
    {
        if (!IsProjectName(project))
        {
            throw new ArgumentException(
                $"'{project}' is no project name: use 1 to 63 lower-case letters, digits and hyphens, the first no hyphen.",
                nameof(project));
        }

        ArgumentNullException.ThrowIfNull(name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(name.Length, LongestName, nameof(name));
        var key = KeyForm.New();
        var hash = HashOf(key);
        var now = _time.GetUtcNow();
        var record = new ApiKey(IdOf(hash), project, name, now, null) { ExpiresAt = now + life };
        var row = new TableEntity(Partition, hash)
        {
            ["Project"] = project,
            ["Name"] = name,
            ["CreatedAt"] = record.CreatedAt,
        };
        if (record.ExpiresAt is { } expiresAt)
        {
            row["ExpiresAt"] = expiresAt;
            row[TableWrites.Version] = VersionOfExpiry;
        }

        _ = await TableWrites.TryInsertAsync(_table, row, ct)
            ?? throw new InvalidOperationException("A key with this hash exists already.");
        return new NewApiKey(key, record);
    }

    /// <summary>The record of a key, good or not; null if the key is unknown.</summary>
    /// <param name="key">The key.</param>
    /// <param name="ct">Cancels the operation.</param>
    public async Task<ApiKey?> FindAsync(string key, CancellationToken ct)
    {
        var row = await _table.GetEntityIfExistsAsync<TableEntity>(Partition, HashOf(key), null, ct);
        return row.HasValue ? FromRow(row.Value!) : null;
    }

    /// <summary>All keys, revoked and expired ones included.</summary>
    /// <param name="ct">Cancels the operation.</param>
    public async IAsyncEnumerable<ApiKey> ListAsync([EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var row in _table.QueryAsync<TableEntity>(cancellationToken: ct))
        {
            yield return FromRow(row);
        }
    }

    /// <summary>
    /// All keys by their hash. A row of a newer version is refused when it is asked for, and keeps nobody else out.
    /// </summary>
    /// <param name="ct">Cancels the operation.</param>
    internal async Task<FrozenDictionary<string, Lazy<ApiKey>>> ListByHashAsync(CancellationToken ct)
    {
        var keys = new Dictionary<string, Lazy<ApiKey>>(StringComparer.Ordinal);
        await foreach (var row in _table.QueryAsync<TableEntity>(cancellationToken: ct))
        {
            keys[row.RowKey] = new Lazy<ApiKey>(() => FromRow(row));
        }

        return keys.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>Revokes a key. Processes that have cached it accept it for up to a minute more.</summary>
    /// <param name="id">The key's id, not the key.</param>
    /// <param name="ct">Cancels the operation.</param>
    /// <returns>Whether the key exists; revoking it again is not an error.</returns>
    public async Task<bool> RevokeAsync(string id, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(id);
        if (!id.StartsWith(IdPrefix, StringComparison.Ordinal) || id.Length != IdPrefix.Length + IdDigits)
        {
            return false;
        }

        var digits = id[IdPrefix.Length..];
        var filter = TableClient.CreateQueryFilter(
            $"PartitionKey eq {Partition} and RowKey ge {digits} and RowKey lt {digits + "g"}");
        await foreach (var row in _table.QueryAsync<TableEntity>(filter, cancellationToken: ct))
        {
            NewerRowException.ThrowIfNewer(_table, row, VersionOfExpiry);
            if (!row.ContainsKey("RevokedAt"))
            {
                row["RevokedAt"] = _time.GetUtcNow();
                // RevokedAt is the only change that a key's row ever sees, so whoever won the race has revoked the key
                // too.
                _ = await TableWrites.TryUpdateAsync(_table, row, row.ETag, ct);
            }

            return true;
        }

        return false;
    }

    /// <summary>Revokes all keys of a project.</summary>
    /// <param name="project">The project's name.</param>
    /// <param name="ct">Cancels the operation.</param>
    /// <returns>When the last of them was revoked; null if it has none.</returns>
    public async Task<DateTimeOffset?> RevokeAllAsync(string project, CancellationToken ct)
    {
        DateTimeOffset? last = null;
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {Partition} and Project eq {project}");
        await foreach (var row in _table.QueryAsync<TableEntity>(filter, cancellationToken: ct))
        {
            NewerRowException.ThrowIfNewer(_table, row, VersionOfExpiry);
            if (row.GetDateTimeOffset("RevokedAt") is not { } revokedAt)
            {
                row["RevokedAt"] = revokedAt = _time.GetUtcNow();
                _ = await TableWrites.TryUpdateAsync(_table, row, row.ETag, ct);
            }

            last = last > revokedAt ? last : revokedAt;
        }

        return last;
    }

    /// <summary>The key's row key.</summary>
    internal static string HashOf(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    private static string IdOf(string hash) => IdPrefix + hash[..IdDigits];

    /// <summary>
    /// Refuses a newer version's row: it may restrict the key in a way that this version does not know.
    /// </summary>
    private ApiKey FromRow(TableEntity row)
    {
        NewerRowException.ThrowIfNewer(_table, row, VersionOfExpiry);
        return new ApiKey(
            IdOf(row.RowKey),
            row.GetString("Project"),
            row.GetString("Name"),
            row.GetDateTimeOffset("CreatedAt")!.Value,
            row.GetDateTimeOffset("RevokedAt"))
        {
            ExpiresAt = row.GetDateTimeOffset("ExpiresAt"),
        };
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9-]{0,62}$(?!\n)", RegexOptions.CultureInvariant)]
    private static partial Regex ProjectName();
}
