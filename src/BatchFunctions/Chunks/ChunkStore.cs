using Azure.Data.Tables;
using BatchFunctions.Storage;

namespace BatchFunctions.Chunks;

/// <summary>The table of chunks: one partition per batch, by number.</summary>
internal sealed class ChunkStore(TableClient table)
{
    private readonly FencedTable<Chunk> _rows = new(table, ChunkRow.ToRow, ChunkRow.FromRow, ChunkRow.Unreadable, ChunkRow.Version);

    public ChunkStore(StorageClients storage)
        : this(storage.Tables.GetTableClient(TableNames.Chunks))
    {
    }

    /// <summary>
    /// Inserts the chunks of a batch, in transactions of a hundred. Never an upsert: a group that already exists, from
    /// an earlier run of the validation, may have been worked on since. But it must have been cut in the same way: an
    /// input that is cut in two ways would lose lines, or send them twice.
    /// </summary>
    /// <exception cref="ChunksDifferException">There are chunks already that were cut differently.</exception>
    public async Task InsertAsync(IReadOnlyList<Chunk> chunks, CancellationToken ct)
    {
        foreach (var group in chunks.Chunk(TableWrites.MostInTransaction))
        {
            var actions = group.Select(chunk => new TableTransactionAction(TableTransactionActionType.Add, _rows.RowOf(chunk)));
            try
            {
                await table.SubmitTransactionAsync(actions, ct);
            }
            catch (TableTransactionFailedException e) when (e.Status == 409)
            {
                // The group exists, from an earlier run of the validation or from this very request, sent twice.
                await CompareAsync(group, ct);
            }
        }
    }

    /// <summary>Inserts a chunk; null if it is there already.</summary>
    /// <returns>The chunk as its row stands.</returns>
    public Task<Chunk?> TryInsertAsync(Chunk chunk, CancellationToken ct) => _rows.TryInsertAsync(chunk, ct);

    public Task<Chunk?> FindAsync(string batchId, int number, CancellationToken ct) =>
        _rows.FindAsync(batchId, ChunkRow.RowKeyOf(number), ct);

    /// <inheritdoc cref="FencedTable{T}.TryUpdateAsync"/>
    public Task<Chunk?> TryUpdateAsync(Chunk chunk, CancellationToken ct) => _rows.TryUpdateAsync(chunk, ct);

    /// <summary>Ends a chunk whoever holds it, unless it has ended or its row cannot be read.</summary>
    public Task EndByForceAsync(Chunk chunk, CancellationToken ct) => _rows.MutateAsync(
        chunk.Batch.Id,
        ChunkRow.RowKeyOf(chunk.Number),
        (current, _) => ValueTask.FromResult(current.Ended || current.Unreadable is not null ? null : current.EndByForce()),
        ct);

    /// <summary>All chunks of a batch, in order.</summary>
    public IAsyncEnumerable<Chunk> ListAsync(string batchId, CancellationToken ct) => ListAsync(batchId, 0, ct);

    /// <summary>The chunks of a batch from a number on, in order.</summary>
    public IAsyncEnumerable<Chunk> ListAsync(string batchId, int first, CancellationToken ct)
    {
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {batchId}");
        if (first > 0)
        {
            filter += TableClient.CreateQueryFilter($" and RowKey ge {ChunkRow.RowKeyOf(first)}");
        }

        return _rows.QueryAsync(filter, null, ct);
    }

    /// <summary>
    /// Deletes all chunk rows of a batch that has ended; rows that are already gone are not an error.
    /// </summary>
    /// <param name="batchId">The batch.</param>
    /// <param name="first">Is given each chunk that has loose epochs before any row goes.</param>
    /// <param name="ct">Cancels the operation.</param>
    public async Task DeleteAllAsync(string batchId, Func<Chunk, Task> first, CancellationToken ct)
    {
        var keys = new List<string>();
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {batchId}");
        await foreach (var row in table.QueryAsync<TableEntity>(filter, null, ["RowKey", ChunkRow.Loose], ct))
        {
            keys.Add(row.RowKey);
            // Azure tells of a selected column that is not there, too, with null.
            if (row.GetBinary(ChunkRow.Loose) is { Length: > 0 } && await _rows.FindAsync(batchId, row.RowKey, ct) is { } chunk)
            {
                await first(chunk);
            }
        }

        // Whatever their ETags: the batch has ended, so what a late worker may have written into a row no longer matters.
        await TableWrites.DeleteAllAsync(table, batchId, keys, ct);
    }

    /// <summary>Deletes the only chunk of a batch that has ended; a row that is already gone is not an error.</summary>
    public Task DeleteAsync(Chunk only, CancellationToken ct) => _rows.DeleteAsync(only.Batch.Id, ChunkRow.RowKeyOf(only.Number), ct);

    private async Task CompareAsync(Chunk[] group, CancellationToken ct)
    {
        var (first, last) = (ChunkRow.RowKeyOf(group[0].Number), ChunkRow.RowKeyOf(group[^1].Number));
        var filter = TableClient.CreateQueryFilter(
            $"PartitionKey eq {group[0].Batch.Id} and RowKey ge {first} and RowKey le {last}");
        var standing = await _rows.QueryAsync(filter, null, ct).ToDictionaryAsync(chunk => chunk.Number, cancellationToken: ct);
        foreach (var chunk in group)
        {
            if (standing.GetValueOrDefault(chunk.Number) is not { } other || !other.IsCutLike(chunk))
            {
                throw new ChunksDifferException(chunk.Batch.Id, chunk.Number);
            }
        }
    }
}
