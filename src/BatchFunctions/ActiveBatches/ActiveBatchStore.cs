using System.Runtime.CompilerServices;
using Azure.Data.Tables;
using BatchFunctions.Ids;
using BatchFunctions.Storage;

namespace BatchFunctions.ActiveBatches;

/// <summary>
/// One row for each batch that has not ended, by tenant. The sweep goes through these rows, and they keep an input file
/// from being deleted. A row is written before its batch, and removed once the batch has ended and been cleared away.
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

    /// <summary>How many batches are active, up to a number.</summary>
    public async Task<int> CountAsync(int most, CancellationToken ct)
    {
        var count = 0;
        await foreach (var page in table.QueryAsync<TableEntity>(maxPerPage: most, select: ["RowKey"], cancellationToken: ct).AsPages())
        {
            count += page.Values.Count;
            if (count >= most)
            {
                return most;
            }
        }

        return count;
    }

    /// <summary>
    /// All active batches, whatever the version of their rows, and whatever is in them: what may be done with a batch is
    /// decided by its own row, and a row that is spoilt keeps nobody from the others.
    /// </summary>
    public async IAsyncEnumerable<ActiveBatch> ListAsync([EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var row in table.QueryAsync<TableEntity>(cancellationToken: ct))
        {
            if (IdKind.Batch.IsValid(row.RowKey))
            {
                yield return new ActiveBatch(
                    new BatchKey(row.PartitionKey, row.RowKey),
                    row.TryGetValue("InputFileId", out var file) && file is string id ? id : "",
                    row.TryGetValue("CreatedAt", out var at) && at is DateTimeOffset createdAt
                        ? createdAt
                        : IdKind.Batch.CreatedAt(row.RowKey));
            }
        }
    }
}

/// <summary>A batch that has not ended.</summary>
internal sealed record ActiveBatch(BatchKey Key, string InputFileId, DateTimeOffset CreatedAt);
