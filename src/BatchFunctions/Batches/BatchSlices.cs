using System.Runtime.CompilerServices;
using Azure.Data.Tables;
using BatchFunctions.Ids;
using BatchFunctions.Storage;

namespace BatchFunctions.Batches;

/// <summary>The rows of batches as they stand, by tenant and by the time when they were made, for whoever goes through all of them.</summary>
internal sealed class BatchSlices(TableClient table)
{
    public BatchSlices(StorageClients storage)
        : this(storage.Tables.GetTableClient(TableNames.Batches))
    {
    }

    /// <summary>Each tenant that has batches, with its newest: a request each.</summary>
    /// <param name="after">The tenant behind which it begins; empty for the first.</param>
    /// <param name="ct">Cancels the operation.</param>
    public async IAsyncEnumerable<(string Tenant, DateTimeOffset MadeAt)> NewestAsync(string after, [EnumeratorCancellation] CancellationToken ct)
    {
        for (var before = after; await FirstBehindAsync(before, ct) is { } row; before = row.PartitionKey)
        {
            yield return (row.PartitionKey, MadeAt(row.RowKey));
        }
    }

    /// <summary>The batches of a tenant that were made in a time, if one request tells all of them.</summary>
    /// <param name="tenant">Whose.</param>
    /// <param name="from">The first time, in whole milliseconds.</param>
    /// <param name="to">The time behind the last, in whole milliseconds.</param>
    /// <param name="ct">Cancels the operation.</param>
    /// <returns>The rows, the oldest first; null if there are, or may be, more. Of a single millisecond they are all there are.</returns>
    public async Task<IReadOnlyList<TableEntity>?> ReadAsync(string tenant, DateTimeOffset from, DateTimeOffset to, CancellationToken ct)
    {
        var (behind, last) = (IdKind.Batch.LastRowKeySince(to), IdKind.Batch.LastRowKeySince(from));
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {tenant} and RowKey gt {behind} and RowKey le {last}");
        var rows = new List<TableEntity>();
        await foreach (var page in table.QueryAsync<TableEntity>(filter, null, EndedBatch.Columns, ct).AsPages())
        {
            rows.AddRange(page.Values);
            if (!string.IsNullOrEmpty(page.ContinuationToken) && to - from > TimeSpan.FromMilliseconds(1))
            {
                return null;
            }
        }

        rows.Reverse();
        return rows;
    }

    /// <summary>When the batch of a row was made, to the millisecond.</summary>
    public static DateTimeOffset MadeAt(string rowKey) => IdKind.Batch.CreatedAt(IdKind.Batch.IdOf(rowKey));

    private async Task<TableEntity?> FirstBehindAsync(string partition, CancellationToken ct)
    {
        var filter = TableClient.CreateQueryFilter($"PartitionKey gt {partition}");
        await foreach (var row in table.QueryAsync<TableEntity>(filter, maxPerPage: 1, select: ["PartitionKey", "RowKey"], cancellationToken: ct))
        {
            return row;
        }

        return null;
    }
}
