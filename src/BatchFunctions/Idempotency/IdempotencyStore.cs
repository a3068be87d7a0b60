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

    private const int MostCleared = TableWrites.MostInTransaction;

    private readonly ConcurrentDictionary<string, Clearing> _cleared = new(StringComparer.Ordinal);

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
        catch (Exception e) when (e is RequestFailedException || StorageFaults.IsFault(e))
        {
            // It lapses by itself, and is taken over before.
        }
    }

    private async Task<KeyClaim?> WriteAsync(IdempotentRequest request, string id, DateTimeOffset now, ETag? read, CancellationToken ct)
    {
        var row = new TableEntity(request.Tenant, RowKeyOf(request)) { ["Digest"] = request.Digest, ["Id"] = id, ["At"] = now };
        return await TableWrites.TryWriteAsync(table, row, read, ct) is { } etag ? new KeyClaim(request, id, now, etag, IsNew: true) : null;
    }

    /// <summary>
    /// Removes rows that stand for nothing any more, now and then: a hundred in one transaction, and with the next request the next, so
    /// that more go than come. What fails is left for the next time, and keeps no request from being answered.
    /// </summary>
    private async Task ClearAsync(string tenant, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var last = _cleared.GetOrAdd(tenant, static _ => default);
        if (now < last.NextAt || !_cleared.TryUpdate(tenant, new Clearing(now + ClearsEvery, null), last))
        {
            return;
        }

        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {tenant} and At lt {now - Life}");
        try
        {
            var rows = table.QueryAsync<TableEntity>(filter, MostCleared, ["PartitionKey", "RowKey"], ct);
            await foreach (var page in rows.AsPages(last.GoesOnAt, MostCleared))
            {
                if (page.Values.Count > 0)
                {
                    // Refused as a whole where another has claimed one of the keys anew, or was faster.
                    await table.SubmitTransactionAsync(page.Values.Select(static row => new TableTransactionAction(TableTransactionActionType.Delete, row, row.ETag)), ct);
                }

                if (page.ContinuationToken is { Length: > 0 } token)
                {
                    _cleared[tenant] = new Clearing(now, token);
                }

                return;
            }
        }
        catch (Exception e) when (e is RequestFailedException || StorageFaults.IsFault(e))
        {
            // The claim that comes next says whether storage is there.
        }
    }

    private static string RowKeyOf(IdempotentRequest request) => IdempotentRequest.DigestOf(request.Operation, request.Key);

    /// <summary>How far a tenant's rows have been looked through.</summary>
    /// <param name="NextAt">When this process looks again.</param>
    /// <param name="GoesOnAt">Storage's token for where it goes on; null for the beginning.</param>
    private readonly record struct Clearing(DateTimeOffset NextAt, string? GoesOnAt);
}

/// <summary>What a key stands for.</summary>
/// <param name="Request">The request that has claimed it.</param>
/// <param name="Id">The id of what is made, or is to be.</param>
/// <param name="At">When it was claimed.</param>
/// <param name="ETag">The row's.</param>
/// <param name="IsNew">Whether the claim is the asker's own, who makes the object.</param>
internal sealed record KeyClaim(IdempotentRequest Request, string Id, DateTimeOffset At, ETag ETag, bool IsNew);
