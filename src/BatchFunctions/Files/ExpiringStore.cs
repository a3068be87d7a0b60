using System.Globalization;
using System.Runtime.CompilerServices;
using Azure.Data.Tables;
using BatchFunctions.Storage;

namespace BatchFunctions.Files;

/// <summary>
/// The table of files, uploads and manifests that are due to be looked at, by time. An entry is written before the blob
/// it refers to, so that a crash in between leaves an entry without a blob, and never a blob that nothing refers to.
/// </summary>
internal sealed class ExpiringStore(TableClient table)
{
    private const string Partition = "due";

    /// <summary>
    /// The version of entries about results in segments: version 1 would take a name that they begin with for a blob, and let the
    /// segments be.
    /// </summary>
    private const int OfSegments = 2;

    /// <summary>The version of entries about a deleted file's content, a kind that version 2 does not know.</summary>
    private const int OfContent = 3;

    /// <summary>The version of entries about a deleted batch or a delivery of an event, kinds that version 3 does not know.</summary>
    private const int OfFourth = 4;

    public ExpiringStore(StorageClients storage)
        : this(storage.Tables.GetTableClient(TableNames.Expiring))
    {
    }

    public async Task AddAsync(ExpiringEntry entry, CancellationToken ct)
    {
        var row = new TableEntity(Partition, RowKeyOf(entry))
        {
            ["Kind"] = entry.Kind.ToString(),
            ["Tenant"] = entry.Tenant,
            ["Container"] = entry.Blob.Container,
            ["Blob"] = entry.Blob.Name,
            [TableWrites.Version] = VersionOf(entry),
        };

        // An entry that exists already says the same.
        _ = await TableWrites.TryInsertAsync(table, row, ct);
    }

    public Task RemoveAsync(ExpiringEntry entry, CancellationToken ct) =>
        TableWrites.DeleteAsync(table, Partition, RowKeyOf(entry), ct);

    /// <summary>
    /// Entries that are due by <paramref name="now"/>, oldest first. A newer version's entries are skipped: their kind
    /// may be unknown here. An entry that cannot be read must not hold up the ones after it.
    /// </summary>
    /// <param name="now">The time.</param>
    /// <param name="unreadable">Is told of each entry that cannot be read, by its row key.</param>
    /// <param name="ct">Cancels the operation.</param>
    public async IAsyncEnumerable<ExpiringEntry> ListDueAsync(
        DateTimeOffset now, Action<string, Exception> unreadable, [EnumeratorCancellation] CancellationToken ct)
    {
        var end = TimeKey(now.AddMilliseconds(1));
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {Partition} and RowKey lt {end}");
        await foreach (var row in table.QueryAsync<TableEntity>(filter, cancellationToken: ct))
        {
            if (NewerRowException.IsNewer(row, OfFourth))
            {
                continue;
            }

            ExpiringEntry entry;
            try
            {
                entry = EntryOf(row);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                unreadable(row.RowKey, e);
                continue;
            }

            yield return entry;
        }
    }

    private static ExpiringEntry EntryOf(TableEntity row)
    {
        var separator = row.RowKey.IndexOf('_', StringComparison.Ordinal);
        return new ExpiringEntry(
            Enum.Parse<ExpiringKind>(row.GetString("Kind")),
            row.GetString("Tenant"),
            row.RowKey[(separator + 1)..],
            new BlobLocation(row.GetString("Container"), row.GetString("Blob")),
            DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(row.RowKey.AsSpan(0, separator), CultureInfo.InvariantCulture)));
    }

    private static int VersionOf(ExpiringEntry entry) =>
        entry.Kind is ExpiringKind.DeletedBatch or ExpiringKind.Delivery ? OfFourth
        : entry.Kind == ExpiringKind.Content ? OfContent
        : entry.Blob.Container == ContainerNames.Batches ? OfSegments
        : TableWrites.CurrentVersion;

    private static string RowKeyOf(ExpiringEntry entry) => $"{TimeKey(entry.Due)}_{entry.Id}";

    private static string TimeKey(DateTimeOffset time) =>
        time.ToUnixTimeMilliseconds().ToString("D15", CultureInfo.InvariantCulture);
}

internal enum ExpiringKind
{
    /// <summary>A file, or its tombstone.</summary>
    File,

    /// <summary>An upload in parts that may not have been completed.</summary>
    Upload,

    /// <summary>A blob that is kept for a while, with its batch's id.</summary>
    Manifest,

    /// <summary>What workers that were late may have left of a batch.</summary>
    Batch,

    /// <summary>The content of a file that has been deleted, and was too much for the request that deleted it.</summary>
    Content,

    /// <summary>What is left of a batch that was deleted.</summary>
    DeletedBatch,

    /// <summary>A delivery of an event, which may be late, or has been kept long enough.</summary>
    Delivery,
}

/// <summary>Something to look at when it is due, and to remove if it is no longer wanted.</summary>
internal sealed record ExpiringEntry(
    ExpiringKind Kind, string Tenant, string Id, BlobLocation Blob, DateTimeOffset Due);
