using System.Runtime.CompilerServices;
using Azure.Data.Tables;
using BatchFunctions.Batches;
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
    public Task<bool> TryAddAdvanceAsync(BatchKey batch, CancellationToken ct) =>
        TryAddAsync(AdvancePartition, batch.Id, batch.Tenant, ct);

    public Task RemoveAdvanceAsync(BatchKey batch, CancellationToken ct) =>
        TableWrites.DeleteAsync(table, AdvancePartition, batch.Id, ct);

    /// <summary>Whether the caller is the one to send the next sweep.</summary>
    public Task<bool> TryAddSweepAsync(CancellationToken ct) => TryAddAsync(SweepPartition, SweepRow, "", ct);

    public Task RemoveSweepAsync(CancellationToken ct) => TableWrites.DeleteAsync(table, SweepPartition, SweepRow, ct);

    /// <summary>When the next sweep was asked for; null when none is pending.</summary>
    public async Task<DateTimeOffset?> FindSweepAsync(CancellationToken ct)
    {
        var row = await table.GetEntityIfExistsAsync<TableEntity>(SweepPartition, SweepRow, null, ct);
        return row.HasValue ? row.Value!.GetDateTimeOffset("AskedAt") : null;
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

    private async Task<bool> TryAddAsync(string partition, string key, string tenant, CancellationToken ct)
    {
        var row = new TableEntity(partition, key)
        {
            ["Tenant"] = tenant,
            ["AskedAt"] = time.GetUtcNow(),
        };
        return await TableWrites.TryInsertAsync(table, row, ct) is not null;
    }
}
