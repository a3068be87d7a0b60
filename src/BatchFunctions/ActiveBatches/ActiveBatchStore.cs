using System.Runtime.CompilerServices;
using Azure.Data.Tables;
using BatchFunctions.Ids;
using BatchFunctions.Storage;

namespace BatchFunctions.ActiveBatches;

/// <summary>
/// A row for each batch that has not ended, by tenant: what the sweep goes through, and what keeps an input file from
/// being deleted. It is written before its batch and removed after the batch has ended and is cleared away.
/// </summary>
internal sealed class ActiveBatchStore(TableClient table)
{
    public ActiveBatchStore(StorageClients storage)
        : this(storage.Tables.GetTableClient(TableNames.ActiveBatches))
    {
    }

    public async Task InsertAsync(ActiveBatch active, CancellationToken ct)
    {
        var row = new TableEntity(active.Key.Tenant, active.Key.Id)
        {
            ["InputFileId"] = active.InputFileId,
            ["CreatedAt"] = active.CreatedAt,
        };
        _ = await TableWrites.TryInsertAsync(table, row, ct)
            ?? throw new ConcurrencyException($"Batch id {active.Key.Id}");
    }

    public Task DeleteAsync(BatchKey key, CancellationToken ct) =>
        TableWrites.DeleteAsync(table, key.Tenant, key.Id, ct);

    public async Task<bool> AnyReadsAsync(string tenant, string fileId, CancellationToken ct)
    {
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {tenant} and InputFileId eq {fileId}");
        await foreach (var _ in table.QueryAsync<TableEntity>(filter, 1, ["RowKey"], ct))
        {
            return true;
        }

        return false;
    }

    /// <summary>All of them, of whatever version: what may be done about a batch is decided by the batch's own row.</summary>
    public async IAsyncEnumerable<ActiveBatch> ListAsync([EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var row in table.QueryAsync<TableEntity>(cancellationToken: ct))
        {
            yield return new ActiveBatch(
                new BatchKey(row.PartitionKey, row.RowKey),
                row.GetString("InputFileId"),
                row.GetDateTimeOffset("CreatedAt")!.Value);
        }
    }
}

/// <summary>A batch that has not ended.</summary>
internal sealed record ActiveBatch(BatchKey Key, string InputFileId, DateTimeOffset CreatedAt);
