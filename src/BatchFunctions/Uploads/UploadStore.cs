using Azure.Data.Tables;
using BatchFunctions.Ids;
using BatchFunctions.Storage;

namespace BatchFunctions.Uploads;

/// <summary>Uploads in their table: a partition a tenant. Their parts have no rows: storage's own list of blocks is theirs.</summary>
internal sealed class UploadStore(TableClient table)
{
    private const int Tries = 5;

    public UploadStore(StorageClients storage)
        : this(storage.Tables.GetTableClient(TableNames.Uploads))
    {
    }

    public async Task InsertAsync(Upload upload, CancellationToken ct) =>
        _ = await TableWrites.TryInsertAsync(table, ToRow(upload), ct)
            ?? throw new ConcurrencyException($"Upload id {upload.Id}");

    public async Task<Upload?> FindAsync(string tenant, string id, CancellationToken ct)
    {
        var row = await table.GetEntityIfExistsAsync<TableEntity>(tenant, IdKind.Upload.RowKeyOf(id), null, ct);
        return row.HasValue ? FromRow(row.Value!) : null;
    }

    /// <summary>Changes the row under its ETag; null when there is none. The change may end the matter by throwing.</summary>
    /// <returns>The upload as it stands after; a change that answers null leaves it as it is.</returns>
    public async Task<Upload?> MutateAsync(
        string tenant, string id, Func<Upload, Upload?> change, CancellationToken ct)
    {
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            if (await FindAsync(tenant, id, ct) is not { } before)
            {
                return null;
            }

            if (change(before) is not { } after)
            {
                return before;
            }

            if (await TryUpdateAsync(after with { ETag = before.ETag }, ct) is { } written)
            {
                return written;
            }
        }

        throw new ConcurrencyException($"Upload {id}");
    }

    /// <summary>Writes the row if nobody has since it was read; null otherwise.</summary>
    public async Task<Upload?> TryUpdateAsync(Upload upload, CancellationToken ct) =>
        await TableWrites.TryUpdateAsync(table, ToRow(upload), upload.ETag, ct) is { } etag
            ? upload with { ETag = etag }
            : null;

    public Task RemoveAsync(string tenant, string id, CancellationToken ct) =>
        TableWrites.DeleteAsync(table, tenant, IdKind.Upload.RowKeyOf(id), ct);

    private static TableEntity ToRow(Upload upload)
    {
        var row = new TableEntity(upload.Tenant, IdKind.Upload.RowKeyOf(upload.Id))
        {
            ["Filename"] = upload.Filename,
            ["Purpose"] = upload.Purpose,
            ["Bytes"] = upload.Bytes,
            ["Status"] = upload.Status.ToString(),
        };
        if (upload.FileId is { } fileId)
        {
            row["FileId"] = fileId;
        }

        if (upload.FileSeconds is { } seconds)
        {
            row["FileSeconds"] = seconds;
        }

        if (upload.ClaimedUntil is { } until)
        {
            row["ClaimedUntil"] = until;
        }

        return row;
    }

    private static Upload FromRow(TableEntity row) => new()
    {
        Tenant = row.PartitionKey,
        Id = IdKind.Upload.IdOf(row.RowKey),
        FileId = row.GetString("FileId"),
        Filename = row.GetString("Filename"),
        Purpose = row.GetString("Purpose"),
        Bytes = row.GetInt64("Bytes")!.Value,
        FileSeconds = row.GetInt64("FileSeconds"),
        Status = Enum.Parse<UploadStatus>(row.GetString("Status")),
        ClaimedUntil = row.GetDateTimeOffset("ClaimedUntil"),
        ETag = row.ETag,
    };
}
