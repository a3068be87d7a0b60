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
    public ActiveBatchStore(StorageClients storage)
        : this(storage.Tables.GetTableClient(TableNames.ActiveBatches))
    {
    }

    public async Task InsertAsync(ActiveBatch active, CancellationToken ct)
    {
        _ = await TableWrites.TryInsertAsync(table, ActiveBatchRow.NewOf(active), ct)
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
        await foreach (var row in table.QueryAsync<TableEntity>(filter, select: ["PartitionKey", "RowKey", ActiveBatchRow.Lines], cancellationToken: ct))
        {
            if (IdKind.Batch.IsValid(row.RowKey))
            {
                load = load.With(ActiveBatchRow.LinesOf(row));
            }
        }

        return load;
    }

    /// <summary>
    /// Notes what has become of a batch since its row was read, for those who count by these rows. It is for information:
    /// a row that another changes or removes meanwhile, or a newer version wrote, is left as it is.
    /// </summary>
    /// <param name="row">The row as it was read.</param>
    /// <param name="status">The batch's status.</param>
    /// <param name="lines">The lines that wait in it.</param>
    /// <param name="ct">Cancels the operation.</param>
    public Task NoteAsync(ActiveBatch row, string status, int lines, CancellationToken ct) => TryMergeAsync(
        row,
        new()
        {
            [ActiveBatchRow.Status] = status,
            [ActiveBatchRow.Lines] = lines,
        },
        ct);

    /// <summary>
    /// Notes that nothing about a batch needs the sweep before a given time, and what it comes to, which does not change until then.
    /// </summary>
    /// <param name="row">The row as it was read before all that this was concluded from.</param>
    /// <param name="until">The time.</param>
    /// <param name="status">The batch's status.</param>
    /// <param name="lines">The lines that wait in it.</param>
    /// <param name="progressAt">When a line of it was last done.</param>
    /// <param name="ct">Cancels the operation.</param>
    /// <returns>Whether the row had not changed.</returns>
    public Task<bool> TryRestAsync(
        ActiveBatch row, DateTimeOffset until, string status, int lines, DateTimeOffset progressAt, CancellationToken ct) => TryMergeAsync(
        row,
        new()
        {
            [ActiveBatchRow.LookAt] = until,
            [ActiveBatchRow.Status] = status,
            [ActiveBatchRow.Lines] = lines,
            [ActiveBatchRow.ProgressAt] = progressAt,
        },
        ct);

    /// <summary>Notes since when a batch is closed, its deadline being over.</summary>
    /// <param name="row">The row as it was read.</param>
    /// <param name="since">Since when.</param>
    /// <param name="ct">Cancels the operation.</param>
    /// <returns>Whether it is noted: not where the row has changed, or a newer version wrote it.</returns>
    public Task<bool> TryNoteClosingAsync(ActiveBatch row, DateTimeOffset since, CancellationToken ct) =>
        TryMergeAsync(row, new() { [ActiveBatchRow.ClosingSince] = since }, ct);

    /// <summary>Notes since when the row of a batch cannot be read, its deadline being over.</summary>
    /// <inheritdoc cref="TryNoteClosingAsync"/>
    public Task<bool> TryNoteUnreadableAsync(ActiveBatch row, DateTimeOffset since, CancellationToken ct) =>
        TryMergeAsync(row, new() { [ActiveBatchRow.UnreadableSince] = since }, ct);

    /// <summary>Writes when the sweep is to look at a batch, and which of its chunks wait without a message.</summary>
    /// <param name="row">The row as it was read, with what is to be written of it.</param>
    /// <param name="ct">Cancels the operation.</param>
    /// <returns>Whether the row had not changed.</returns>
    public Task<bool> TryWriteLookAsync(ActiveBatch row, CancellationToken ct)
    {
        var columns = new Dictionary<string, object>
        {
            [ActiveBatchRow.LookAt] = row.LookAt ?? row.CreatedAt,
            [ActiveBatchRow.WaitsFor] = ActiveBatchRow.Joined(row.WaitsFor),
            [ActiveBatchRow.Waiting] = ActiveBatchRow.Joined(row.Waiting),
        };
        if (row.WaitsSince is { } since)
        {
            columns[ActiveBatchRow.WaitsSince] = since;
        }

        return TryMergeAsync(row, columns, ct);
    }

    /// <summary>A batch's active row; null if there is none.</summary>
    public async Task<ActiveBatch?> FindAsync(BatchKey key, CancellationToken ct) =>
        await table.GetEntityIfExistsAsync<TableEntity>(key.Tenant, key.Id, ActiveBatchRow.Read, ct) is { HasValue: true, Value: { } row }
            ? ActiveBatchRow.FromRow(row)
            : null;

    /// <summary>
    /// All active batches, whatever the version of their rows, and whatever is in them: what may be done with a batch is
    /// decided by its own row, and a row that is spoilt keeps nobody from the others. A request for a thousand.
    /// </summary>
    public IAsyncEnumerable<ActiveBatch> ListAsync(CancellationToken ct) => ListAsync(filter: null, ct);

    /// <summary>The active batches whose time to be looked at has come: those that do not say are not among them.</summary>
    public IAsyncEnumerable<ActiveBatch> ListDueAsync(DateTimeOffset now, CancellationToken ct) =>
        ListAsync(TableClient.CreateQueryFilter($"LookAt le {now}"), ct);

    private async IAsyncEnumerable<ActiveBatch> ListAsync(string? filter, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var row in table.QueryAsync<TableEntity>(filter, null, ActiveBatchRow.Read, ct))
        {
            if (IdKind.Batch.IsValid(row.RowKey))
            {
                yield return ActiveBatchRow.FromRow(row);
            }
        }
    }

    private async Task<bool> TryMergeAsync(ActiveBatch row, Dictionary<string, object> columns, CancellationToken ct) =>
        !row.IsNewer
        && await TableWrites.TryMergeAsync(
            table, new TableEntity(columns) { PartitionKey = row.Key.Tenant, RowKey = row.Key.Id }, row.ETag, ct) is not null;
}
