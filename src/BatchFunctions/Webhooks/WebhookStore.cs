using System.Globalization;
using Azure.Data.Tables;
using BatchFunctions.Ids;
using BatchFunctions.Storage;

namespace BatchFunctions.Webhooks;

/// <summary>The table of webhooks: one partition per tenant. One that was deleted soon after it was made leaves a tombstone (<see cref="LateWrites"/>).</summary>
internal sealed class WebhookStore(TableClient table, TimeProvider time) : IDisposable
{
    /// <summary>Its address is the longest of what it has.</summary>
    private const long BytesOfOne = 4 * 1024;

    /// <summary>How old a reading may be that batches share which end in the same moment.</summary>
    private static readonly TimeSpan SharedFor = TimeSpan.FromSeconds(1);

    private readonly FencedTable<Webhook> _rows = new(table, ToRow, FromRow, Unreadable);
    private readonly Remembered<string, Reading> _readings = new(mostBytes: 512 * BytesOfOne);

    public WebhookStore(StorageClients storage, TimeProvider time)
        : this(storage.Tables.GetTableClient(TableNames.Webhooks), time)
    {
    }

    public async Task<Webhook> InsertAsync(Webhook webhook, CancellationToken ct)
    {
        var inserted = await _rows.TryInsertAsync(webhook, ct) ?? throw new ConcurrencyException($"Webhook id {webhook.Id}");
        _readings.TryTake(webhook.Tenant, out _);
        return inserted;
    }

    /// <summary>A webhook by what a caller says is its id; null if there is none, or it is no id.</summary>
    public async Task<Webhook?> FindAsync(string tenant, string id, CancellationToken ct) =>
        IdKind.Webhook.IsValid(id) && await _rows.FindAsync(tenant, IdKind.Webhook.RowKeyOf(id), ct) is { Deleted: false } webhook ? webhook : null;

    /// <summary>All of a tenant's webhooks, newest first: there are few.</summary>
    public ValueTask<List<Webhook>> ListAsync(string tenant, CancellationToken ct) =>
        ReadAsync(tenant, ct).Where(static webhook => !webhook.Deleted).ToListAsync(ct);

    /// <summary>How many a tenant has. Tombstones that have had their time go.</summary>
    public async Task<int> CountAsync(string tenant, CancellationToken ct)
    {
        var count = 0;
        foreach (var webhook in await ReadAsync(tenant, ct).ToListAsync(ct))
        {
            if (!webhook.Deleted)
            {
                count++;
            }
            else if (!IsNew(webhook))
            {
                await RemoveAsync(webhook, ct);
            }
        }

        return count;
    }

    /// <summary>
    /// All of a tenant's webhooks, as they were read since a moment, and in the last second: one that was made before that moment is
    /// among them, whoever made it.
    /// </summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="since">The moment, as a timestamp of the clock; null for now.</param>
    /// <param name="ct">Cancels the operation.</param>
    public async Task<IReadOnlyList<Webhook>> ListSinceAsync(string tenant, long? since, CancellationToken ct)
    {
        if (since is { } moment && _readings.TryFind(tenant, out var known) && known!.BeganAt >= moment && time.GetElapsedTime(known.BeganAt) < SharedFor)
        {
            return known.Webhooks;
        }

        var began = time.GetTimestamp();
        var read = await ListAsync(tenant, ct);
        _readings.Keep(tenant, new Reading(read, began), bytes: (1 + read.Count) * BytesOfOne);
        return read;
    }

    /// <inheritdoc/>
    public void Dispose() => _readings.Dispose();

    /// <inheritdoc cref="FencedTable{T}.MutateAsync"/>
    /// <remarks>One whose row cannot be read stays as it is.</remarks>
    public async Task<Webhook?> MutateAsync(string tenant, string id, Func<Webhook, Webhook?> change, CancellationToken ct) =>
        IdKind.Webhook.IsValid(id) && await MutateRowAsync(tenant, id, change, ct) is { Deleted: false } webhook ? webhook : null;

    /// <summary>Deletes a webhook. An older version takes its tombstone for one that is switched off.</summary>
    public Task DeleteAsync(Webhook webhook, CancellationToken ct) => IsNew(webhook) && webhook.Unreadable is null
        ? MutateRowAsync(webhook.Tenant, webhook.Id, current => current.Bury(time.GetUtcNow()), ct)
        : RemoveAsync(webhook, ct);

    private bool IsNew(Webhook webhook) => time.GetUtcNow() - webhook.CreatedAt < LateWrites.Longest;

    private IAsyncEnumerable<Webhook> ReadAsync(string tenant, CancellationToken ct) =>
        _rows.QueryAsync(TableClient.CreateQueryFilter($"PartitionKey eq {tenant}"), null, ct);

    private Task<Webhook?> MutateRowAsync(string tenant, string id, Func<Webhook, Webhook?> change, CancellationToken ct) => _rows.MutateAsync(
        tenant,
        IdKind.Webhook.RowKeyOf(id),
        (webhook, _) => ValueTask.FromResult(webhook is { Unreadable: null, Deleted: false } ? change(webhook) : null),
        ct);

    private Task RemoveAsync(Webhook webhook, CancellationToken ct) => _rows.DeleteAsync(webhook.Tenant, IdKind.Webhook.RowKeyOf(webhook.Id), ct);

    private static TableEntity ToRow(Webhook webhook) => new(webhook.Tenant, IdKind.Webhook.RowKeyOf(webhook.Id))
    {
        ["Url"] = webhook.Url,
        ["Secret"] = webhook.Secret,
        ["OldSecret"] = webhook.OldSecrets is [var last, ..] ? last.Secret : null,
        ["OldSecretUntil"] = webhook.OldSecrets is [var lastUntil, ..] ? lastUntil.Until : null,
        ["OlderSecrets"] = webhook.OldSecrets.Count > 1 ? string.Join(',', webhook.OldSecrets.Skip(1).Select(TextOf)) : null,
        ["Events"] = string.Join(',', webhook.Events),
        ["Name"] = webhook.Name,
        ["FailingSince"] = webhook.FailingSince,
        ["DisabledAt"] = webhook.DisabledAt,
        ["DisabledReason"] = webhook.DisabledReason,
        ["Deleted"] = webhook.Deleted ? true : null,
    };

    private static Webhook FromRow(TableEntity row) => new()
    {
        Tenant = row.PartitionKey,
        Id = IdKind.Webhook.IdOf(row.RowKey),
        Url = row.GetString("Url") ?? throw new FormatException("The webhook's row has no URL."),
        Secret = row.GetString("Secret") ?? throw new FormatException("The webhook's row has no secret."),
        OldSecrets = [.. OldSecretsOf(row)],
        Events = row.GetString("Events").Split(','),
        Name = row.GetString("Name"),
        FailingSince = row.GetDateTimeOffset("FailingSince"),
        DisabledAt = row.GetDateTimeOffset("DisabledAt"),
        DisabledReason = row.GetString("DisabledReason"),
        Deleted = row.GetBoolean("Deleted") ?? false,
    };

    /// <summary>What stands for a row that cannot be read: a webhook that is switched off, and says why.</summary>
    private static Webhook Unreadable(TableEntity row, Exception e) => new()
    {
        Tenant = row.PartitionKey,
        Id = IdKind.Webhook.IdOf(row.RowKey),
        Url = row["Url"] as string ?? "",
        Secret = "",
        Events = [],
        DisabledAt = row.Timestamp,
        DisabledReason = DisabledReasons.Unreadable,
        Unreadable = e.Message,
    };

    /// <summary>
    /// The newest of the old secrets has columns of its own, which all that an older version knows are; the others are
    /// <c>SECRET UNTIL</c> in Unix milliseconds, separated by commas.
    /// </summary>
    private static IEnumerable<OldSecret> OldSecretsOf(TableEntity row)
    {
        if (row.GetString("OldSecret") is { } last && row.GetDateTimeOffset("OldSecretUntil") is { } until)
        {
            yield return new OldSecret(last, until);
        }

        foreach (var text in row.GetString("OlderSecrets")?.Split(',') ?? [])
        {
            var (secret, end) = text.Split(' ') is [var first, var second] ? (first, second) : throw new FormatException("The webhook's row has an old secret that is none.");
            yield return new OldSecret(secret, DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(end, CultureInfo.InvariantCulture)));
        }
    }

    private static string TextOf(OldSecret old) => string.Create(CultureInfo.InvariantCulture, $"{old.Secret} {old.Until.ToUnixTimeMilliseconds()}");

    /// <summary>What was read, and when that was begun, as a timestamp of the clock.</summary>
    private sealed record Reading(IReadOnlyList<Webhook> Webhooks, long BeganAt);
}
