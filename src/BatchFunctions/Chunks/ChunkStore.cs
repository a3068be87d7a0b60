using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using BatchFunctions.Storage;

namespace BatchFunctions.Chunks;

/// <summary>Chunks in their table: a partition a batch, by number.</summary>
internal sealed class ChunkStore(TableClient table)
{
    /// <summary>What one transaction of the table service may hold.</summary>
    private const int GroupSize = 100;

    public ChunkStore(StorageClients storage)
        : this(storage.Tables.GetTableClient(TableNames.Chunks))
    {
    }

    /// <summary>
    /// Inserts the chunks of a batch, in groups of a hundred that stand or fall together. Never an upsert: a group that
    /// is there already (a validator before this one got so far) may have been worked on since.
    /// </summary>
    public async Task InsertAsync(IReadOnlyList<Chunk> chunks, CancellationToken ct)
    {
        foreach (var group in chunks.Chunk(GroupSize))
        {
            var actions = group.Select(chunk =>
            {
                var row = ChunkRow.ToRow(chunk);
                row[TableWrites.Version] = TableWrites.CurrentVersion;
                return new TableTransactionAction(TableTransactionActionType.Add, row);
            });
            try
            {
                await table.SubmitTransactionAsync(actions, ct);
            }
            catch (TableTransactionFailedException e) when (e.Status == 409)
            {
                // The group is there: by an earlier run of the validation, or by this very request sent twice.
            }
        }
    }

    public async Task<Chunk?> FindAsync(string batchId, int number, CancellationToken ct)
    {
        var row = await table.GetEntityIfExistsAsync<TableEntity>(batchId, ChunkRow.RowKeyOf(number), null, ct);
        return row.HasValue ? ChunkRow.FromRow(row.Value!) : null;
    }

    /// <summary>Writes the chunk under the ETag that it was read with; null when it has changed or gone meanwhile.</summary>
    public async Task<Chunk?> TryUpdateAsync(Chunk chunk, CancellationToken ct) =>
        await TableWrites.TryUpdateAsync(table, ChunkRow.ToRow(chunk), chunk.ETag, ct) is { } etag
            ? chunk with { ETag = etag }
            : null;

    /// <summary>All chunks of a batch, in order.</summary>
    public async IAsyncEnumerable<Chunk> ListAsync(string batchId, [EnumeratorCancellation] CancellationToken ct)
    {
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {batchId}");
        await foreach (var row in table.QueryAsync<TableEntity>(filter, cancellationToken: ct))
        {
            yield return ChunkRow.FromRow(row);
        }
    }

    /// <summary>Deletes all chunk rows of a batch that has ended; rows that are gone already are no error.</summary>
    public async Task DeleteAllAsync(string batchId, CancellationToken ct)
    {
        var keys = new List<string>();
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {batchId}");
        await foreach (var row in table.QueryAsync<TableEntity>(filter, null, ["RowKey"], ct))
        {
            keys.Add(row.RowKey);
        }

        foreach (var group in keys.Chunk(GroupSize))
        {
            // ETag.All: the batch has ended, so whatever a late worker wrote into the row is part of nothing.
            var actions = group.Select(key => new TableTransactionAction(
                TableTransactionActionType.Delete, new TableEntity(batchId, key), ETag.All));
            try
            {
                await table.SubmitTransactionAsync(actions, ct);
            }
            catch (TableTransactionFailedException e) when (e.Status == 404)
            {
                // Another is clearing away too: one by one, so that its having been faster with one row keeps none.
                foreach (var key in group)
                {
                    await TableWrites.DeleteAsync(table, batchId, key, ct);
                }
            }
        }
    }
}
