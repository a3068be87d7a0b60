using Azure.Data.Tables;
using BatchFunctions.Ids;
using BatchFunctions.Storage;
using BatchFunctions.Telemetry;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Batches;

/// <summary>
/// The table of batches. Every change of status is written under the row's ETag and checked by
/// <see cref="BatchTransitions"/>.
/// </summary>
internal sealed partial class BatchStore(TableClient table, BatchMetrics metrics, ILogger<BatchStore> logger) : IDisposable
{
    /// <summary>A new batch has at most sixteen metadata of 576 characters.</summary>
    private const long BytesOfNew = 16 * 1024;

    private readonly Remembered<BatchKey, Batch> _new = new(mostBytes: 512 * BytesOfNew);
    private readonly FencedTable<Batch> _rows = new(table, BatchRow.ToRow, BatchRow.FromRow, BatchRow.Unreadable);

    public BatchStore(StorageClients storage, BatchMetrics metrics, ILogger<BatchStore> logger)
        : this(storage.Tables.GetTableClient(TableNames.Batches), metrics, logger)
    {
    }

    /// <summary>Inserts a new batch; null if its id is taken.</summary>
    public async Task<Batch?> TryInsertAsync(Batch batch, CancellationToken ct)
    {
        var inserted = await _rows.TryInsertAsync(batch, ct);
        if (inserted is not null)
        {
            Entered(inserted);
            _new.Keep(inserted.Key, inserted, BytesOfNew);
        }

        return inserted;
    }

    /// <summary>
    /// A batch for whoever takes it up first: as this process inserted it, if it has just done so, else as its row stands. What is
    /// decided by it must be written under its ETag.
    /// </summary>
    public async Task<Batch?> TakeUpAsync(BatchKey key, CancellationToken ct) =>
        _new.TryTake(key, out var inserted) ? inserted : await FindAsync(key, ct);

    /// <inheritdoc/>
    public void Dispose() => _new.Dispose();

    /// <summary>The batch; null if there is none, or it was deleted.</summary>
    public async Task<Batch?> FindAsync(BatchKey key, CancellationToken ct) =>
        await FindAnyAsync(key, ct) is { Deleted: false } batch ? batch : null;

    /// <summary>The batch, even if it is a tombstone.</summary>
    public Task<Batch?> FindAnyAsync(BatchKey key, CancellationToken ct)
    {
        var (partitionKey, rowKey) = BatchRow.KeysOf(key);
        return _rows.FindAsync(partitionKey, rowKey, ct);
    }

    /// <summary>A batch by what a caller says is its id; null if there is none, or it is no id.</summary>
    public async Task<Batch?> FindAsync(string tenant, string id, CancellationToken ct) =>
        IdKind.Batch.IsValid(id) ? await FindAsync(new BatchKey(tenant, id), ct) : null;

    /// <inheritdoc cref="FencedTable{T}.MutateAsync"/>
    public Task<Batch?> MutateAsync(
        BatchKey key, Func<Batch, CancellationToken, ValueTask<Batch?>> change, CancellationToken ct) =>
        MutateKnownAsync(key, known: null, change, ct);

    /// <summary>Changes a batch that was just read or written, without reading it again unless somebody was faster.</summary>
    /// <inheritdoc cref="FencedTable{T}.MutateKnownAsync"/>
    public Task<Batch?> MutateKnownAsync(
        Batch known, Func<Batch, CancellationToken, ValueTask<Batch?>> change, CancellationToken ct) =>
        MutateKnownAsync(known.Key, known, change, ct);

    /// <inheritdoc cref="MutateKnownAsync(Batch, Func{Batch, CancellationToken, ValueTask{Batch}}, CancellationToken)"/>
    public Task<Batch?> MutateKnownAsync(Batch known, Func<Batch, Batch?> change, CancellationToken ct) =>
        MutateKnownAsync(known.Key, known, (batch, _) => ValueTask.FromResult(change(batch)), ct);

    private async Task<Batch?> MutateKnownAsync(
        BatchKey key, Batch? known, Func<Batch, CancellationToken, ValueTask<Batch?>> change, CancellationToken ct)
    {
        var (partitionKey, rowKey) = BatchRow.KeysOf(key);
        BatchStatus? before = null;
        var after = await _rows.MutateKnownAsync(
            partitionKey,
            rowKey,
            known,
            async (batch, token) =>
            {
                before = batch.Status;
                var changed = batch.Deleted ? null : await change(batch, token);
                if (changed is not null)
                {
                    BatchTransitions.Check(batch.Id, batch.Status, changed.Status);
                }

                return changed;
            },
            ct);
        if (after is not null && after.Status != before)
        {
            Entered(after);
        }

        return after is { Deleted: true } ? null : after;
    }

    /// <inheritdoc cref="MutateAsync(BatchKey, Func{Batch, CancellationToken, ValueTask{Batch}}, CancellationToken)"/>
    public Task<Batch?> MutateAsync(BatchKey key, Func<Batch, Batch?> change, CancellationToken ct) =>
        MutateAsync(key, (batch, _) => ValueTask.FromResult(change(batch)), ct);

    /// <summary>
    /// Notes which batches are retries of an ended one. That, where its family goes on when one in between is deleted, and the tombstone of one that is
    /// deleted itself, is all that changes in the row of a batch that has ended.
    /// </summary>
    /// <param name="key">The batch that has ended.</param>
    /// <param name="change">Makes the new list for the batch, or leaves the one that it has; it may throw to give up, and runs again on each reading.</param>
    /// <param name="ct">Cancels the operation.</param>
    /// <returns>The batch afterwards; null if there is none, or it was deleted.</returns>
    /// <exception cref="UnreadableRowException">Its row cannot be read, and the list is another.</exception>
    public async Task<Batch?> NoteRetriesAsync(
        BatchKey key, Func<Batch, CancellationToken, Task<IReadOnlyList<string>>> change, CancellationToken ct)
    {
        var (partitionKey, rowKey) = BatchRow.KeysOf(key);
        var noted = await _rows.MutateAsync(
            partitionKey,
            rowKey,
            async (batch, token) =>
            {
                var retries = batch.Deleted ? batch.Retries : await change(batch, token);
                return retries.SequenceEqual(batch.Retries) ? null : batch with { Retries = retries };
            },
            ct);
        return noted is { Deleted: false } ? noted : null;
    }

    /// <summary>
    /// Notes in the row of a retry that has ended where its family goes on when the batch is removed by which it was found. A row that cannot be read
    /// stays as it is, and so does one that goes on elsewhere.
    /// </summary>
    /// <param name="key">The retry.</param>
    /// <param name="removed">The batch that is removed.</param>
    /// <param name="above">What that is a retry of.</param>
    /// <param name="ct">Cancels the operation.</param>
    public Task NoteAboveAsync(BatchKey key, string removed, string above, CancellationToken ct)
    {
        var (partitionKey, rowKey) = BatchRow.KeysOf(key);
        return _rows.MutateAsync(
            partitionKey,
            rowKey,
            (batch, _) => ValueTask.FromResult(batch.Unreadable is null && batch.Above == removed ? batch with { Above = above } : null),
            ct);
    }

    /// <summary>Makes the row of an ended batch a tombstone.</summary>
    /// <param name="key">The batch that has ended.</param>
    /// <param name="check">Throws where it may not go; it runs again on each reading.</param>
    /// <param name="ct">Cancels the operation.</param>
    /// <returns>The batch with its tombstone; null if there is none, or another has deleted it.</returns>
    public async Task<Batch?> TryBuryAsync(BatchKey key, Func<Batch, CancellationToken, Task> check, CancellationToken ct)
    {
        var (partitionKey, rowKey) = BatchRow.KeysOf(key);
        var isOurs = false;
        var buried = await _rows.MutateAsync(
            partitionKey,
            rowKey,
            async (batch, token) =>
            {
                isOurs = !batch.Deleted;
                if (!isOurs)
                {
                    return null;
                }

                await check(batch, token);
                return batch with { Deleted = true };
            },
            ct);
        return isOurs ? buried : null;
    }

    /// <summary>Removes the row of a batch that was deleted, once nothing else of it is left.</summary>
    public Task RemoveAsync(BatchKey key, CancellationToken ct)
    {
        var (partitionKey, rowKey) = BatchRow.KeysOf(key);
        return _rows.DeleteAsync(partitionKey, rowKey, ct);
    }

    private void Entered(Batch batch)
    {
        var status = batch.Status.Wire();
        metrics.BatchEntered(status);
        Log.Entered(logger, batch.Id, status, batch.Counts.Completed, batch.Counts.Failed, batch.Counts.Total);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Batch {BatchId} is '{Status}' ({Completed} completed, {Failed} failed of {Total}).")]
        public static partial void Entered(ILogger logger, string batchId, string status, int completed, int failed, int total);
    }
}
