using System.Collections.Frozen;
using Azure;
using Azure.Data.Tables;

namespace BatchFunctions.Storage;

/// <summary>
/// Inserts and fenced updates that know their own echo. The SDK sends a request again when an answer is lost, and then
/// a 409 or 412 may tell of one's own write: each write carries an id of its own, and the row is read to compare. Where
/// the answer never came, the row is read too, since the write may stand. A refusal of what was sent once is no echo,
/// and costs no read: of many who ask for one wake-up, all but the first are refused.
/// </summary>
internal static class TableWrites
{
    public const string WriteId = "WriteId";

    /// <summary>The version of the row's layout: an upgrade meets rows that an older version wrote.</summary>
    public const string Version = "Version";

    public const int CurrentVersion = 1;

    /// <summary>Columns that every row has, whatever it keeps.</summary>
    public static FrozenSet<string> Columns { get; } =
        FrozenSet.Create(StringComparer.Ordinal, "PartitionKey", "RowKey", "Timestamp", "odata.etag", "odata.metadata", Version, WriteId);

    /// <summary>Inserts the row; null when another stands there already.</summary>
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
        catch (RequestFailedException e) when (e.Status == 409 || IsUncertain(e))
        {
            var (etag, mine) = await ReadBackAsync(table, row, ct);
            return mine ? etag : e.Status == 409 ? null : throw new StorageUnavailableException(e);
        }
    }

    /// <summary>Replaces the row under its ETag; null when it has changed or gone meanwhile.</summary>
    public static async Task<ETag?> TryUpdateAsync(
        TableClient table, TableEntity row, ETag expected, CancellationToken ct)
    {
        Stamp(row);
        var sent = new SendCount();
        try
        {
            using var counted = sent.Begin();
            var response = await table.UpdateEntityAsync(row, expected, TableUpdateMode.Replace, ct);
            return response.Headers.ETag;
        }
        catch (RequestFailedException e) when (e.Status is 404 or 412 && sent.IsOne)
        {
            return null;
        }
        catch (RequestFailedException e) when (e.Status is 404 or 412 || IsUncertain(e))
        {
            var (etag, mine) = await ReadBackAsync(table, row, ct);
            return mine ? etag : e.Status is 404 or 412 ? null : throw new StorageUnavailableException(e);
        }
    }

    /// <summary>Deletes the row whatever its state; deleting what has gone is no error.</summary>
    public static async Task DeleteAsync(TableClient table, string partitionKey, string rowKey, CancellationToken ct)
    {
        // ETag.All: callers delete rows that nobody writes any more, or whose content does not matter (wake-ups).
        await table.DeleteEntityAsync(partitionKey, rowKey, ETag.All, ct);
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
        row[Version] = CurrentVersion;
        row[WriteId] = Guid.NewGuid().ToString("N");
    }

    /// <summary>Whether the request may have been carried out though it failed: no answer, or a server's fault.</summary>
    private static bool IsUncertain(RequestFailedException e) => e.Status is 0 or 408 || e.Status >= 500;
}
