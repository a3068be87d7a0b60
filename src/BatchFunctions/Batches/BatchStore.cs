using Azure.Data.Tables;
using BatchFunctions.Ids;
using BatchFunctions.Storage;
using BatchFunctions.Telemetry;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Batches;

/// <summary>Batches in their table. Every state is written under the row's ETag and through <see cref="BatchTransitions"/>.</summary>
internal sealed partial class BatchStore(TableClient table, BatchMetrics metrics, ILogger<BatchStore> logger)
{
    private const int Tries = 8;

    public BatchStore(StorageClients storage, BatchMetrics metrics, ILogger<BatchStore> logger)
        : this(storage.Tables.GetTableClient(TableNames.Batches), metrics, logger)
    {
    }

    /// <summary>Inserts a new batch; null when its id is taken.</summary>
    public async Task<Batch?> TryInsertAsync(Batch batch, CancellationToken ct)
    {
        if (await TableWrites.TryInsertAsync(table, BatchRow.ToRow(batch), ct) is not { } etag)
        {
            return null;
        }

        Entered(batch);
        return batch with { ETag = etag };
    }

    public async Task<Batch?> FindAsync(BatchKey key, CancellationToken ct)
    {
        var (partitionKey, rowKey) = BatchRow.KeysOf(key);
        var row = await table.GetEntityIfExistsAsync<TableEntity>(partitionKey, rowKey, null, ct);
        return row.HasValue ? BatchRow.FromRow(row.Value!) : null;
    }

    /// <summary>
    /// Up to <paramref name="limit"/> batches of the tenant that are older than <paramref name="after"/>, newest first,
    /// and whether there are more. One query: ascending row keys are newest first, and the cursor is a row key whether
    /// or not its row still stands. One more row than asked for decides <c>HasMore</c>; a query may answer few or no
    /// rows with a continuation token, so tokens are followed until that many have come or none is left.
    /// </summary>
    public async Task<BatchPage> ListAsync(string tenant, string? after, int limit, CancellationToken ct)
    {
        var filter = after is null
            ? TableClient.CreateQueryFilter($"PartitionKey eq {tenant}")
            : TableClient.CreateQueryFilter($"PartitionKey eq {tenant} and RowKey gt {IdKind.Batch.RowKeyOf(after)}");
        var batches = new List<Batch>(limit + 1);
        await foreach (var row in table.QueryAsync<TableEntity>(filter, maxPerPage: limit + 1, cancellationToken: ct))
        {
            if (batches.Count == limit)
            {
                return new BatchPage(batches, HasMore: true);
            }

            batches.Add(BatchRow.FromRow(row));
        }

        return new BatchPage(batches, HasMore: false);
    }

    /// <summary>
    /// Reads the batch, changes it and writes it under its ETag; reads again at once when another was faster. The
    /// change answers null to leave the batch as it is, and runs again on each reading: what it decides from must be
    /// read inside it.
    /// </summary>
    /// <returns>The batch as it stands after; null when there is none.</returns>
    /// <exception cref="ConcurrencyException">Others were faster each time.</exception>
    public async Task<Batch?> MutateAsync(
        BatchKey key, Func<Batch, CancellationToken, ValueTask<Batch?>> change, CancellationToken ct)
    {
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            if (await FindAsync(key, ct) is not { } before)
            {
                return null;
            }

            if (await change(before, ct) is not { } after)
            {
                return before;
            }

            BatchTransitions.Check(before, after);
            if (await TableWrites.TryUpdateAsync(table, BatchRow.ToRow(after), before.ETag, ct) is { } etag)
            {
                if (after.Status != before.Status)
                {
                    Entered(after);
                }

                return after with { ETag = etag };
            }
        }

        throw new ConcurrencyException($"Batch {key.Id}");
    }

    /// <inheritdoc cref="MutateAsync(BatchKey, Func{Batch, CancellationToken, ValueTask{Batch?}}, CancellationToken)"/>
    public Task<Batch?> MutateAsync(BatchKey key, Func<Batch, Batch?> change, CancellationToken ct) =>
        MutateAsync(key, (batch, _) => ValueTask.FromResult(change(batch)), ct);

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

/// <summary>A page of the list.</summary>
internal sealed record BatchPage(IReadOnlyList<Batch> Batches, bool HasMore);
