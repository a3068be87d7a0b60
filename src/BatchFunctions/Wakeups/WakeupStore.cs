using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using BatchFunctions.Ids;
using BatchFunctions.Storage;

namespace BatchFunctions.Wakeups;

/// <summary>
/// The wake-ups that have been sent and not yet taken up, in the table <c>pending</c>. Whoever inserts the row sends
/// the message; its handler removes the row before it reads anything, so that any later change asks anew. Many that ask
/// at once cost one message.
/// </summary>
internal sealed class WakeupStore(TableClient table, TimeProvider time)
{
    private const string AdvancePartition = "advance";
    private const string SweepPartition = "sweep";
    private const string SweepRow = "sweep";
    private const string AskedAt = "AskedAt";
    private const string Copies = "Copies";
    private const string TenantColumn = "Tenant";

    /// <summary>The limit on how often the time before the next copy doubles: to about a thousand times.</summary>
    private const int MostDoublings = 10;

    public WakeupStore(StorageClients storage, TimeProvider time)
        : this(storage.Tables.GetTableClient(TableNames.Pending), time)
    {
    }

    /// <summary>Whether the caller is the one to send the advance of this batch.</summary>
    public async Task<bool> TryAddAdvanceAsync(BatchKey batch, CancellationToken ct) =>
        await TableWrites.TryInsertAsync(table, RowOf(AdvancePartition, batch.Id, batch.Tenant), ct) is not null;

    /// <summary>Takes up an advance: removes its row, so that any change from here on asks anew.</summary>
    /// <returns>
    /// Whether there was a row. If there was none, another message has been taken up since this one was asked for. If
    /// the request had to be repeated, a row may have been there, and counts as found.
    /// </returns>
    public async Task<bool> TryTakeAdvanceAsync(BatchKey batch, CancellationToken ct)
    {
        var sent = new SendCount();
        using var counted = sent.Begin();

        // ETag.All: if the row was asked for again meanwhile, this handler is about to see what that was asked for.
        var response = await table.DeleteEntityAsync(AdvancePartition, batch.Id, ETag.All, ct);
        return response.Status != 404 || !sent.IsOne;
    }

    /// <summary>
    /// The ticket of the next sweep if the caller is the one to send it; null if one is under way. A row that was asked
    /// for longer than <paramref name="lost"/> ago has lost its message, and is taken over.
    /// </summary>
    public async Task<ETag?> TryAddSweepAsync(TimeSpan lost, CancellationToken ct)
    {
        if (await TableWrites.TryInsertAsync(table, RowOf(SweepPartition, SweepRow, ""), ct) is { } added)
        {
            return added;
        }

        var standing = await table.GetEntityIfExistsAsync<TableEntity>(SweepPartition, SweepRow, null, ct);
        return standing.HasValue && standing.Value is { } row && !(time.GetUtcNow() - AskedAtOf(row) <= lost)
            ? await TableWrites.TryUpdateAsync(table, RowOf(SweepPartition, SweepRow, ""), row.ETag, ct)
            : null;
    }

    /// <summary>
    /// Takes up a sweep by its ticket. A row with another ticket means that the next sweep is already under way: this
    /// message is a copy, and would start a second chain. No row at all means that an earlier try got this far.
    /// </summary>
    /// <returns>Whether to sweep.</returns>
    public async Task<bool> TryTakeSweepAsync(string? ticket, CancellationToken ct)
    {
        try
        {
            await table.DeleteEntityAsync(SweepPartition, SweepRow, ticket is null ? ETag.All : new ETag(ticket), ct);
            return true;
        }
        catch (RequestFailedException e) when (e.Status == 412)
        {
            return false;
        }
    }

    /// <summary>
    /// Batches whose advance was asked for so long ago that its message may be lost: <paramref name="lost"/> ago, and
    /// twice as long each time that it has been sent again, since behind a long queue a message is late rather than
    /// lost. Each row carries the new time before it is returned; one that somebody else has changed meanwhile is left
    /// to them.
    /// </summary>
    public async IAsyncEnumerable<BatchKey> TakeOverLateAdvancesAsync(
        TimeSpan lost, [EnumeratorCancellation] CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var before = now - lost;
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {AdvancePartition} and AskedAt lt {before}");
        await foreach (var row in table.QueryAsync<TableEntity>(filter, cancellationToken: ct))
        {
            if (!row.TryGetValue(TenantColumn, out var tenant) || tenant is not string)
            {
                // Spoilt, and only a wake-up: whoever asks next inserts another.
                await TableWrites.DeleteAsync(table, row.PartitionKey, row.RowKey, ct);
                continue;
            }

            var copies = row.TryGetValue(Copies, out var count) && count is int known ? known : 0;
            if (AskedAtOf(row) + (lost * Math.Pow(2, Math.Min(copies, MostDoublings))) >= now)
            {
                continue;
            }

            row[AskedAt] = now;
            row[Copies] = copies + 1;
            if (await TableWrites.TryUpdateAsync(table, row, row.ETag, ct) is not null)
            {
                yield return new BatchKey((string)tenant, row.RowKey);
            }
        }
    }

    /// <summary>Null where the row does not say: then it counts as asked for long ago.</summary>
    private static DateTimeOffset? AskedAtOf(TableEntity row) =>
        row.TryGetValue(AskedAt, out var at) && at is DateTimeOffset asked ? asked : null;

    private TableEntity RowOf(string partition, string key, string tenant) => new(partition, key)
    {
        [TenantColumn] = tenant,
        [AskedAt] = time.GetUtcNow(),
    };
}
