using System.Collections.Concurrent;
using Azure;
using Azure.Data.Tables;
using BatchFunctions.Storage;

namespace BatchFunctions.Idempotency;

/// <summary>
/// The table of keys that callers have given their requests: a row for each, by tenant, with what was asked for and the id of what is
/// made of it. The row comes before the object, so of two requests at once one makes it. It stands for a day.
/// </summary>
internal sealed class IdempotencyStore(TableClient table, TimeProvider time)
{
    /// <summary>How long a key stands for what was made.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromDays(1);

    /// <summary>How often a process looks for rows of a tenant that stand for nothing any more.</summary>
    private static readonly TimeSpan ClearsEvery = TimeSpan.FromMinutes(10);

    private const int Tries = 8;

    private readonly ConcurrentDictionary<string, DateTimeOffset> _cleared = new(StringComparer.Ordinal);

    public IdempotencyStore(StorageClients storage, TimeProvider time)
        : this(storage.Tables.GetTableClient(TableNames.Idempotency), time)
    {
    }

    /// <summary>Claims a key for an object, or finds what it stands for.</summary>
    /// <param name="request">The request.</param>
    /// <param name="newId">The id of what is made of it, unless there is something already.</param>
    /// <param name="ct">Cancels the operation.</param>
    /// <exception cref="KeyReusedException">The key stands for something else.</exception>
    public async Task<KeyClaim> ClaimAsync(IdempotentRequest request, string newId, CancellationToken ct)
    {
        await ClearAsync(request.Tenant, ct);
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            // Nearly every key is new.
            var now = time.GetUtcNow();
            if (await WriteAsync(request, newId, now, read: null, ct) is { } claim)
            {
                return claim;
            }

            var found = await table.GetEntityIfExistsAsync<TableEntity>(request.Tenant, RowKeyOf(request), null, ct);
            if (found is not { HasValue: true, Value: { } row })
            {
                continue;
            }

            if (row.GetDateTimeOffset("At") + Life > now)
            {
                return row.GetString("Digest") == request.Digest
                    ? new KeyClaim(request, row.GetString("Id"), row.GetDateTimeOffset("At")!.Value, row.ETag, IsNew: false)
                    : throw new KeyReusedException();
            }

            if (await WriteAsync(request, newId, now, row.ETag, ct) is { } renewed)
            {
                return renewed;
            }
        }

        throw new ConcurrencyException("An idempotency key");
    }

    /// <summary>Claims a key anew whose claim has come to nothing; null if another was faster.</summary>
    public Task<KeyClaim?> TryTakeOverAsync(KeyClaim claim, string newId, CancellationToken ct) =>
        WriteAsync(claim.Request, newId, time.GetUtcNow(), claim.ETag, ct);

    /// <summary>Gives a claim up of which nothing was made, whether or not the caller still waits.</summary>
    public async Task ReleaseAsync(KeyClaim claim)
    {
        try
        {
            await table.DeleteEntityAsync(claim.Request.Tenant, RowKeyOf(claim.Request), claim.ETag, CancellationToken.None);
        }
        catch (RequestFailedException)
        {
            // It lapses by itself, and is taken over before.
        }
    }

    private async Task<KeyClaim?> WriteAsync(IdempotentRequest request, string id, DateTimeOffset now, ETag? read, CancellationToken ct)
    {
        var row = new TableEntity(request.Tenant, RowKeyOf(request)) { ["Digest"] = request.Digest, ["Id"] = id, ["At"] = now };
        return await TableWrites.TryWriteAsync(table, row, read, ct) is { } etag ? new KeyClaim(request, id, now, etag, IsNew: true) : null;
    }

    /// <summary>Removes rows that stand for nothing any more, a page of them at most, now and then.</summary>
    private async Task ClearAsync(string tenant, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var last = _cleared.GetOrAdd(tenant, static _ => default);
        if (now - last < ClearsEvery || !_cleared.TryUpdate(tenant, now, last))
        {
            return;
        }

        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {tenant} and At lt {now - Life}");
        await foreach (var page in table.QueryAsync<TableEntity>(filter, select: ["PartitionKey", "RowKey"], cancellationToken: ct).AsPages())
        {
            await Parallel.ForEachAsync(page.Values, ct, async (row, token) =>
            {
                try
                {
                    await table.DeleteEntityAsync(row.PartitionKey, row.RowKey, row.ETag, token);
                }
                catch (RequestFailedException e) when (e.Status is 404 or 412)
                {
                    // Another has claimed the key anew, or was faster.
                }
            });
            return;
        }
    }

    private static string RowKeyOf(IdempotentRequest request) => IdempotentRequest.DigestOf(request.Operation, request.Key);
}

/// <summary>What a key stands for.</summary>
/// <param name="Request">The request that has claimed it.</param>
/// <param name="Id">The id of what is made, or is to be.</param>
/// <param name="At">When it was claimed.</param>
/// <param name="ETag">The row's.</param>
/// <param name="IsNew">Whether the claim is the asker's own, who makes the object.</param>
internal sealed record KeyClaim(IdempotentRequest Request, string Id, DateTimeOffset At, ETag ETag, bool IsNew);
