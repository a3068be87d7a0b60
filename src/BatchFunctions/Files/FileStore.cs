using Azure.Data.Tables;
using BatchFunctions.Ids;
using BatchFunctions.Storage;

namespace BatchFunctions.Files;

/// <summary>The table of files: one partition per tenant, newest first.</summary>
internal sealed class FileStore(TableClient table, TimeProvider time) : IDisposable
{
    /// <summary>About as much as remembering a number under two ids takes.</summary>
    private const long BytesOfLines = 256;

    private readonly Remembered<(string Tenant, string Id), int> _lines = new(mostBytes: 8192 * BytesOfLines);

    /// <summary>What a list shows: not the segments, which may be many.</summary>
    private static readonly string[] Listed =
    [
        "PartitionKey", "RowKey", TableWrites.Version, "Filename", "Purpose", "Bytes", "Lines", "Container", "Blob", "Deleted", "DeletingUntil", "ExpiresAt",
    ];

    private readonly FencedTable<StoredFile> _rows = new(table, ToRow, FromRow, version: FileSegmentColumns.VersionOfPages);

    public FileStore(StorageClients storage, TimeProvider time)
        : this(storage.Tables.GetTableClient(TableNames.Files), time)
    {
    }

    /// <summary>Inserts the file's row; false if it has one already, a tombstone included.</summary>
    public async Task<bool> TryInsertAsync(StoredFile file, CancellationToken ct)
    {
        if (await _rows.TryInsertAsync(file, ct) is null)
        {
            return false;
        }

        if (file is { Purpose: FilePurposes.Batch, Lines: { } lines })
        {
            _lines.Keep((file.Tenant, file.Id), (int)Math.Min(lines, int.MaxValue), BytesOfLines);
        }

        return true;
    }

    /// <summary>
    /// The lines of a batch's input that this process has stored lately, which never change, whether or not it has been deleted since;
    /// null where it must be read.
    /// </summary>
    public int? RememberedLines(string tenant, string id) => _lines.TryFind((tenant, id), out var lines) ? lines : null;

    /// <inheritdoc/>
    public void Dispose() => _lines.Dispose();

    /// <summary>The file; null if it does not exist, or has been deleted or has expired.</summary>
    public async Task<StoredFile?> FindAsync(string tenant, string id, CancellationToken ct) =>
        await FindAnyAsync(tenant, id, ct) is { } file && !file.IsGone(time.GetUtcNow()) ? file : null;

    /// <summary>The file's row, even if it is a tombstone or has expired.</summary>
    public Task<StoredFile?> FindAnyAsync(string tenant, string id, CancellationToken ct) =>
        _rows.FindAsync(tenant, IdKind.File.RowKeyOf(id), ct);

    /// <inheritdoc cref="FencedTable{T}.MutateAsync"/>
    public Task<StoredFile?> MutateAsync(
        string tenant, string id, Func<StoredFile, StoredFile?> change, CancellationToken ct) =>
        _rows.MutateAsync(tenant, IdKind.File.RowKeyOf(id), (file, _) => ValueTask.FromResult(change(file)), ct);

    /// <inheritdoc cref="FencedTable{T}.MutateAsync"/>
    public Task<StoredFile?> MutateAsync(
        string tenant, string id, Func<StoredFile, CancellationToken, ValueTask<StoredFile?>> change, CancellationToken ct) =>
        _rows.MutateAsync(tenant, IdKind.File.RowKeyOf(id), change, ct);

    /// <inheritdoc cref="FencedTable{T}.TryUpdateAsync"/>
    public Task<StoredFile?> TryUpdateAsync(StoredFile file, CancellationToken ct) => _rows.TryUpdateAsync(file, ct);

    /// <summary>
    /// The file, for whoever is about to depend on it; null if it is gone. A mark of an earlier version's
    /// deleter that has lapsed is taken away first: that changes the row's ETag, so a deleter that was slow and not dead can no longer
    /// decide.
    /// </summary>
    public async Task<StoredFile?> FindSettledAsync(string tenant, string id, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var file = await MutateAsync(
            tenant, id, current => current.DeletingUntil <= now ? current with { DeletingUntil = null } : null, ct);
        return file is null || file.IsGone(now) ? null : file;
    }

    /// <summary>Removes the row itself, once nothing can bring the file back.</summary>
    public Task RemoveAsync(string tenant, string id, CancellationToken ct) =>
        _rows.DeleteAsync(tenant, IdKind.File.RowKeyOf(id), ct);

    /// <summary>
    /// The tenant's files that are neither deleted nor expired, newest or oldest first. The table is only ordered
    /// newest first, so the other order reads all of the tenant's files (one request per thousand) and keeps the last
    /// ones.
    /// </summary>
    public async Task<FilePage> ListAsync(string tenant, FileListing listing, CancellationToken ct)
    {
        var cursor = listing.After is null ? null : IdKind.File.RowKeyOf(listing.After);
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {tenant}");
        if (cursor is not null)
        {
            filter += listing.OldestFirst
                ? TableClient.CreateQueryFilter($" and RowKey lt {cursor}")
                : TableClient.CreateQueryFilter($" and RowKey gt {cursor}");
        }

        if (listing.Purpose is not null)
        {
            filter += TableClient.CreateQueryFilter($" and Purpose eq {listing.Purpose}");
        }

        var now = time.GetUtcNow();
        var files = new Queue<StoredFile>();
        var size = Math.Min(listing.Limit + 1, 1000);
        await foreach (var file in _rows.QueryAsync(filter, size, Listed, ct))
        {
            if (file.IsGone(now))
            {
                continue;
            }

            files.Enqueue(file);
            if (files.Count > listing.Limit + 1)
            {
                files.Dequeue();
            }

            if (!listing.OldestFirst && files.Count > listing.Limit)
            {
                break;
            }
        }

        var ordered = listing.OldestFirst ? files.Reverse() : files;
        return new FilePage([.. ordered.Take(listing.Limit)], files.Count > listing.Limit);
    }

    /// <summary>
    /// The bytes of the tenant's files that are neither deleted nor expired, whatever version wrote their rows: one
    /// request per thousand files.
    /// </summary>
    public async Task<long> SumAsync(string tenant, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {tenant}");
        long sum = 0;
        await foreach (var row in table.QueryAsync<TableEntity>(filter, select: ["Bytes", "Deleted", "ExpiresAt"], cancellationToken: ct))
        {
            if (row.GetBoolean("Deleted") != true && !(row.GetDateTimeOffset("ExpiresAt") <= now))
            {
                sum += row.GetInt64("Bytes") ?? 0;
            }
        }

        return sum;
    }

    private static TableEntity ToRow(StoredFile file)
    {
        var row = new TableEntity(file.Tenant, IdKind.File.RowKeyOf(file.Id))
        {
            ["Filename"] = file.Filename,
            ["Purpose"] = file.Purpose,
            ["Bytes"] = file.Bytes,
            ["Lines"] = file.Lines,
            ["Container"] = file.Blob.Container,
            ["Blob"] = file.Blob.Name,
            ["Deleted"] = file.Deleted,
            ["DeletingUntil"] = file.DeletingUntil,
            ["ExpiresAt"] = file.ExpiresAt,
            ["IsGrowing"] = file.IsGrowing ? true : null,
            [TableWrites.Version] = file.Pages.Count > 0 ? FileSegmentColumns.VersionOfPages : TableWrites.CurrentVersion,
        };
        FileSegmentColumns.Write(row, file);
        return row;
    }

    private static StoredFile FromRow(TableEntity row)
    {
        var id = IdKind.File.IdOf(row.RowKey);
        var file = new StoredFile
        {
            Tenant = row.PartitionKey,
            Id = id,
            Filename = row.GetString("Filename"),
            Purpose = row.GetString("Purpose"),
            Bytes = row.GetInt64("Bytes")!.Value,
            Lines = row.GetInt64("Lines"),
            CreatedAt = IdKind.File.CreatedAt(id),
            ExpiresAt = row.GetDateTimeOffset("ExpiresAt"),
            Blob = new BlobLocation(row.GetString("Container"), row.GetString("Blob")),
            IsGrowing = row.GetBoolean("IsGrowing") ?? false,
            Deleted = row.GetBoolean("Deleted") ?? false,
            DeletingUntil = row.GetDateTimeOffset("DeletingUntil"),
        };
        return FileSegmentColumns.Read(row, file);
    }
}

/// <summary>The parameters of a list of files.</summary>
internal sealed record FileListing(string? After, int Limit, bool OldestFirst, string? Purpose);

/// <summary>A page of files.</summary>
internal sealed record FilePage(IReadOnlyList<StoredFile> Files, bool HasMore);
