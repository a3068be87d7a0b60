using Azure.Data.Tables;
using BatchFunctions.Ids;
using BatchFunctions.Storage;

namespace BatchFunctions.Uploads;

/// <summary>
/// The table of uploads: one partition per tenant. Parts have no rows; storage's own list of blocks takes their place.
/// </summary>
internal sealed class UploadStore(TableClient table)
{
    private readonly FencedTable<Upload> _rows = new(table, ToRow, FromRow);

    public UploadStore(StorageClients storage)
        : this(storage.Tables.GetTableClient(TableNames.Uploads))
    {
    }

    public async Task InsertAsync(Upload upload, CancellationToken ct) =>
        _ = await _rows.TryInsertAsync(upload, ct) ?? throw new ConcurrencyException($"Upload id {upload.Id}");

    public Task<Upload?> FindAsync(string tenant, string id, CancellationToken ct) =>
        _rows.FindAsync(tenant, IdKind.Upload.RowKeyOf(id), ct);

    /// <inheritdoc cref="FencedTable{T}.MutateAsync"/>
    public Task<Upload?> MutateAsync(string tenant, string id, Func<Upload, Upload?> change, CancellationToken ct) =>
        _rows.MutateAsync(tenant, IdKind.Upload.RowKeyOf(id), (upload, _) => ValueTask.FromResult(change(upload)), ct);

    /// <inheritdoc cref="FencedTable{T}.TryUpdateAsync"/>
    public Task<Upload?> TryUpdateAsync(Upload upload, CancellationToken ct) => _rows.TryUpdateAsync(upload, ct);

    /// <summary>
    /// What uploads of the tenant are open: one request, as those of the last hour are the first of its rows.
    /// </summary>
    public async Task<OpenUploads> OpenOfAsync(string tenant, DateTimeOffset now, CancellationToken ct)
    {
        var last = IdKind.Upload.LastRowKeySince(now - Upload.Life + TimeSpan.FromMilliseconds(1));
        var filter = TableClient.CreateQueryFilter(
            $"PartitionKey eq {tenant} and RowKey le {last} and Status eq {nameof(UploadStatus.Pending)}");
        var open = default(OpenUploads);
        await foreach (var row in table.QueryAsync<TableEntity>(filter, select: ["Bytes", "PartBytes"], cancellationToken: ct))
        {
            open = open.With(Math.Max(row.GetInt64("Bytes") ?? 0, row.GetInt64("PartBytes") ?? 0));
        }

        return open;
    }

    public Task RemoveAsync(string tenant, string id, CancellationToken ct) =>
        _rows.DeleteAsync(tenant, IdKind.Upload.RowKeyOf(id), ct);

    private static TableEntity ToRow(Upload upload) =>
        new(upload.Tenant, IdKind.Upload.RowKeyOf(upload.Id))
        {
            ["Filename"] = upload.Filename,
            ["Purpose"] = upload.Purpose,
            ["Bytes"] = upload.Bytes,
            ["Status"] = upload.Status.ToString(),
            ["FileId"] = upload.FileId,
            ["FileSeconds"] = upload.FileSeconds,
            ["ClaimedUntil"] = upload.ClaimedUntil,
            ["PartBytes"] = upload.PartBytes,
        };

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
        PartBytes = row.GetInt64("PartBytes") ?? 0,
    };
}

/// <summary>What a project has in uploads that are neither completed, cancelled nor expired.</summary>
/// <param name="Count">How many there are.</param>
/// <param name="Bytes">The bytes that they were begun with, or that their parts have staged where that is more.</param>
internal readonly record struct OpenUploads(int Count, long Bytes)
{
    /// <summary>Those with one more.</summary>
    public OpenUploads With(long bytes) => new(Count + 1, Bytes + bytes);
}
