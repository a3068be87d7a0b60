using System.Collections.Frozen;
using Azure;
using Azure.Data.Tables;

namespace BatchFunctions.Storage;

/// <summary>
/// Inserts and fenced updates that recognise their own echo. The SDK sends a request again if its answer is lost, and a
/// 409 or 412 may then be the result of one's own write. So each write carries a unique id, and the row is read back to
/// compare. It is also read back if no answer came at all, since the write may have taken effect. The refusal of a
/// request that was sent only once is no echo and costs no read: of many processes that ask for the same wake-up, all
/// but the first are refused.
/// </summary>
internal static class TableWrites
{
    public const string WriteId = "WriteId";

    /// <summary>
    /// The column with the version of the row's layout: after an upgrade there are rows that an older version wrote.
    /// </summary>
    public const string Version = "Version";

    /// <summary>The version of the rows of a table that has no version of its own.</summary>
    public const int CurrentVersion = 1;

    /// <summary>The most operations that a transaction of the table service may have.</summary>
    public const int MostInTransaction = 100;

    /// <summary>The columns that the rows of all tables have.</summary>
    public static FrozenSet<string> Columns { get; } =
        FrozenSet.Create(StringComparer.Ordinal, "PartitionKey", "RowKey", "Timestamp", "odata.etag", "odata.metadata", Version, WriteId);

    /// <summary>Inserts the row; null if there is another already.</summary>
    public static async Task<ETag?> TryInsertAsync(TableClient table, TableEntity row, CancellationToken ct)
    {
        Stamp(row);
        var sent = new SendCount();
        try
        {
            using var counted = sent.Begin();
            var response = await table.AddEntityAsync(row, ct);
            return response.Headers.ETag;
        }
        catch (RequestFailedException e) when (e.Status == 409 && sent.IsOne)
        {
            return null;
        }
        catch (Exception e) when (StatusOf(e) is 409 || IsUncertain(e, ct))
        {
            var (etag, mine) = await ReadBackAsync(table, row, ct);
            return mine ? etag : StatusOf(e) is 409 ? null : throw new StorageUnavailableException(e);
        }
    }

    /// <summary>Replaces the row under its ETag; null if it has been changed or deleted since.</summary>
    public static Task<ETag?> TryUpdateAsync(TableClient table, TableEntity row, ETag expected, CancellationToken ct) =>
        TryUpdateAsync(table, row, expected, TableUpdateMode.Replace, ct);

    /// <summary>Writes some columns of a row under its ETag, and leaves the others as they are; null if it has been changed or deleted since.</summary>
    public static Task<ETag?> TryMergeAsync(TableClient table, TableEntity columns, ETag expected, CancellationToken ct) =>
        TryUpdateAsync(table, columns, expected, TableUpdateMode.Merge, ct);

    private static async Task<ETag?> TryUpdateAsync(
        TableClient table, TableEntity row, ETag expected, TableUpdateMode mode, CancellationToken ct)
    {
        Stamp(row);
        var sent = new SendCount();
        try
        {
            using var counted = sent.Begin();
            var response = await table.UpdateEntityAsync(row, expected, mode, ct);
            return response.Headers.ETag;
        }
        catch (RequestFailedException e) when (e.Status is 404 or 412 && sent.IsOne)
        {
            return null;
        }
        catch (Exception e) when (StatusOf(e) is 404 or 412 || IsUncertain(e, ct))
        {
            var (etag, mine) = await ReadBackAsync(table, row, ct);
            return mine ? etag : StatusOf(e) is 404 or 412 ? null : throw new StorageUnavailableException(e);
        }
    }

    /// <summary>Writes the row where it was read under an ETag, or was not found: null if another was faster.</summary>
    public static Task<ETag?> TryWriteAsync(TableClient table, TableEntity row, ETag? read, CancellationToken ct) =>
        read is { } expected ? TryUpdateAsync(table, row, expected, ct) : TryInsertAsync(table, row, ct);

    /// <summary>Deletes the row whatever its ETag; a row that is already gone is not an error.</summary>
    public static async Task DeleteAsync(TableClient table, string partitionKey, string rowKey, CancellationToken ct)
    {
        // ETag.All: callers delete rows that nobody writes any more, or whose content does not matter (wake-ups).
        await table.DeleteEntityAsync(partitionKey, rowKey, ETag.All, ct);
    }

    /// <summary>Deletes rows of one partition whatever their ETags, in transactions; rows that are already gone are not an error.</summary>
    public static async Task DeleteAllAsync(TableClient table, string partitionKey, IEnumerable<string> rowKeys, CancellationToken ct)
    {
        foreach (var group in rowKeys.Chunk(MostInTransaction))
        {
            var actions = group.Select(key => new TableTransactionAction(
                TableTransactionActionType.Delete, new TableEntity(partitionKey, key), ETag.All));
            try
            {
                await table.SubmitTransactionAsync(actions, ct);
            }
            catch (TableTransactionFailedException e) when (e.Status == 404)
            {
                // Somebody else deletes too: one by one, so that a row that is already gone does not keep the others.
                foreach (var key in group)
                {
                    await DeleteAsync(table, partitionKey, key, ct);
                }
            }
        }
    }

    private static async Task<(ETag? ETag, bool Mine)> ReadBackAsync(
        TableClient table, TableEntity row, CancellationToken ct)
    {
        var current = await table.GetEntityIfExistsAsync<TableEntity>(row.PartitionKey, row.RowKey, null, ct);
        return current.HasValue && current.Value!.GetString(WriteId) == row.GetString(WriteId)
            ? (current.Value.ETag, true)
            : (null, false);
    }

    private static void Stamp(TableEntity row)
    {
        if (!row.ContainsKey(Version))
        {
            row[Version] = CurrentVersion;
        }

        row[WriteId] = Guid.NewGuid().ToString("N");
    }

    private static int? StatusOf(Exception e) => (e as RequestFailedException)?.Status;

    /// <summary>
    /// Whether the request may have taken effect although it failed: there was no answer in any of its tries, or a server error. Of several
    /// tries that failed without an answer the SDK throws all, and a try that timed out is a cancellation that nobody asked for.
    /// </summary>
    private static bool IsUncertain(Exception e, CancellationToken ct) => e switch
    {
        RequestFailedException failed => failed.Status is 0 or 408 || failed.Status >= 500,
        AggregateException all => all.InnerExceptions.Any(one => IsUncertain(one, ct)),
        OperationCanceledException => !ct.IsCancellationRequested,
        _ => e is HttpRequestException or IOException,
    };
}
