using System.Runtime.CompilerServices;
using Azure.Data.Tables;
using BatchFunctions.Ids;
using BatchFunctions.Storage;

namespace BatchFunctions.ActiveBatches;

/// <summary>
/// One row for each batch that has not ended, by tenant. The sweep goes through these rows, they keep an input file
/// from being deleted, and a project's quotas are counted by them. A row is written before its batch, and removed once
/// the batch has ended and been cleared away.
/// </summary>
internal sealed class ActiveBatchStore(TableClient table)
{
    /// <summary>A source each: an input, an error file and an output.</summary>
    private static readonly string[] SourceColumns = ["Source1", "Source2", "Source3"];

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
            ["Status"] = active.Status,
            ["Lines"] = active.Lines,
        };
        foreach (var (column, source) in SourceColumns.Zip(active.Sources))
        {
            row[column] = source;
        }

        _ = await TableWrites.TryInsertAsync(table, row, ct)
            ?? throw new ConcurrencyException($"Batch id {active.Key.Id}");
    }

    public Task DeleteAsync(BatchKey key, CancellationToken ct) =>
        TableWrites.DeleteAsync(table, key.Tenant, key.Id, ct);

    /// <summary>Whether the batch has not ended, or is not yet cleared away.</summary>
    public async Task<bool> IsActiveAsync(BatchKey key, CancellationToken ct) =>
        (await table.GetEntityIfExistsAsync<TableEntity>(key.Tenant, key.Id, ["RowKey"], ct)).HasValue;

    /// <summary>Whether the file is the input of a batch that has not ended, or what such an input is made of.</summary>
    public async Task<bool> AnyReadsAsync(string tenant, string fileId, CancellationToken ct)
    {
        var filter = TableClient.CreateQueryFilter(
            $"PartitionKey eq {tenant} and (InputFileId eq {fileId} or Source1 eq {fileId} or Source2 eq {fileId} or Source3 eq {fileId})");
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

    /// <summary>The oldest of a tenant's active batches; null if none is active. Ascending row keys are oldest first.</summary>
    public async Task<BatchKey?> OldestAsync(string tenant, CancellationToken ct)
    {
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {tenant}");
        await foreach (var row in table.QueryAsync<TableEntity>(filter, maxPerPage: 1, select: ["PartitionKey", "RowKey"], cancellationToken: ct))
        {
            if (IdKind.Batch.IsValid(row.RowKey))
            {
                return new BatchKey(row.PartitionKey, row.RowKey);
            }
        }

        return null;
    }

    /// <summary>What a tenant has in batches that have not ended: one request per thousand of them.</summary>
    public async Task<ActiveLoad> LoadOfAsync(string tenant, CancellationToken ct)
    {
        var load = default(ActiveLoad);
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {tenant}");
        await foreach (var row in table.QueryAsync<TableEntity>(filter, select: ["PartitionKey", "RowKey", "Lines"], cancellationToken: ct))
        {
            if (IdKind.Batch.IsValid(row.RowKey))
            {
                load = load.With(LinesOf(row));
            }
        }

        return load;
    }

    /// <summary>
    /// Notes what has become of a batch since its row was written, for those who count by these rows. It is for information:
    /// a row that another changes or removes meanwhile, or a newer version wrote, is left as it is.
    /// </summary>
    /// <param name="key">The batch.</param>
    /// <param name="status">Its status.</param>
    /// <param name="lines">The lines that wait in it.</param>
    /// <param name="ct">Cancels the operation.</param>
    public async Task NoteAsync(BatchKey key, string status, int lines, CancellationToken ct)
    {
        var found = await table.GetEntityIfExistsAsync<TableEntity>(key.Tenant, key.Id, null, ct);
        if (found is { HasValue: true, Value: { } row } && !NewerRowException.IsNewer(row))
        {
            row["Status"] = status;
            row["Lines"] = lines;
            _ = await TableWrites.TryUpdateAsync(table, row, row.ETag, ct);
        }
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
                        : IdKind.Batch.CreatedAt(row.RowKey))
                {
                    Status = row.TryGetValue("Status", out var status) && status is string text ? text : ActiveBatch.NewStatus,
                    Lines = LinesOf(row),
                };
            }
        }
    }

    /// <summary>None where an older version wrote the row, until a sweep notes them.</summary>
    private static int LinesOf(TableEntity row) => row.TryGetValue("Lines", out var lines) && lines is int count ? count : 0;
}
