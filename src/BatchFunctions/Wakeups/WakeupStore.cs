using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using BatchFunctions.Ids;
using BatchFunctions.Storage;

namespace BatchFunctions.Wakeups;

/// <summary>
/// Which wake-ups have been sent and not yet been taken up, in the table <c>pending</c>. Whoever inserts the row sends
/// the message; its handler removes the row before it reads anything, so that whatever changes after that asks anew.
/// Many asking at once cost one message.
/// </summary>
internal sealed class WakeupStore(TableClient table, TimeProvider time)
{
    private const string AdvancePartition = "advance";
    private const string SweepPartition = "sweep";
    private const string SweepRow = "sweep";

    public WakeupStore(StorageClients storage, TimeProvider time)
        : this(storage.Tables.GetTableClient(TableNames.Pending), time)
    {
    }

    /// <summary>Whether the caller is the one to send the advance of this batch.</summary>
    public async Task<bool> TryAddAdvanceAsync(BatchKey batch, CancellationToken ct) =>
        await TableWrites.TryInsertAsync(table, RowOf(AdvancePartition, batch.Id, batch.Tenant), ct) is not null;

    public Task RemoveAdvanceAsync(BatchKey batch, CancellationToken ct) =>
        TableWrites.DeleteAsync(table, AdvancePartition, batch.Id, ct);

    /// <summary>
    /// The ticket of the next sweep, where the caller is the one to send it; null where one is under way. A row that was
    /// asked for longer ago than <paramref name="lost"/> has lost its message, and is taken over.
    /// </summary>
    public async Task<ETag?> TryAddSweepAsync(TimeSpan lost, CancellationToken ct)
    {
        if (await TableWrites.TryInsertAsync(table, RowOf(SweepPartition, SweepRow, ""), ct) is { } added)
        {
            return added;
        }

        var standing = await table.GetEntityIfExistsAsync<TableEntity>(SweepPartition, SweepRow, null, ct);
        return standing.HasValue && time.GetUtcNow() - standing.Value!.GetDateTimeOffset("AskedAt") > lost
            ? await TableWrites.TryUpdateAsync(table, RowOf(SweepPartition, SweepRow, ""), standing.Value.ETag, ct)
            : null;
    }

    /// <summary>
    /// Takes up a sweep by its ticket. A row with another ticket means that the next one is under way already: this message
    /// is a copy, and would start a second chain beside the first. No row at all means that an earlier try came so far.
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

    /// <summary>Batches whose advance was asked for before <paramref name="before"/> and has not been taken up.</summary>
    public async IAsyncEnumerable<BatchKey> ListAdvancesAsync(
        DateTimeOffset before, [EnumeratorCancellation] CancellationToken ct)
    {
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {AdvancePartition} and AskedAt lt {before}");
        await foreach (var row in table.QueryAsync<TableEntity>(filter, cancellationToken: ct))
        {
            yield return new BatchKey(row.GetString("Tenant"), row.RowKey);
        }
    }


    private TableEntity RowOf(string partition, string key, string tenant) => new(partition, key)
    {
        ["Tenant"] = tenant,
        ["AskedAt"] = time.GetUtcNow(),
    };
}
