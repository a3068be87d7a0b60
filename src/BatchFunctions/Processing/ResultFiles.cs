using BatchFunctions.Batches;
using BatchFunctions.Files;
using BatchFunctions.Ids;

namespace BatchFunctions.Processing;

/// <summary>
/// Publishes the results of batches. A file's row is the list of its segments, and publishing appends to it those that it has not
/// got, under the row's ETag. So the order of publication is decided in one place, whoever publishes and however often, and what
/// was once read is a prefix of what is there later. There is one output file of a batch and one error file, whose ids follow
/// from the batch: publishers that come at once make the same.
/// </summary>
internal sealed class ResultFiles(FileStore files, SegmentList list, ExpiringStore expiring, TimeProvider time)
{
    /// <summary>The id of a batch's output or error file, whether or not there is one.</summary>
    public static string IdOf(Batch batch, ResultFile file) =>
        IdKind.File.Of(batch.InProgressAt ?? batch.CreatedAt, $"{batch.Id}/{ResultBlobs.NameOf(file)}");

    /// <summary>Publishes what is committed so far.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="file">Which file.</param>
    /// <param name="segments">The segments that are committed, of chunks that are not known to be settled.</param>
    /// <param name="ct">Cancels the operation.</param>
    /// <returns>The file's id; null while it has no lines.</returns>
    public async Task<string?> PublishAsync(Batch batch, ResultFile file, IReadOnlyList<FileSegment> segments, CancellationToken ct)
    {
        if (segments.Count == 0)
        {
            return null;
        }

        var id = IdOf(batch, file);
        await WriteAsync(batch, file, id, segments, stored => stored, ct);
        return id;
    }

    /// <summary>Publishes everything: the file is whole.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="file">Which file.</param>
    /// <param name="id">The file's id.</param>
    /// <param name="segments">All of its segments, of chunks that are not known to be settled.</param>
    /// <param name="ct">Cancels the operation.</param>
    public async Task CompleteAsync(
        Batch batch, ResultFile file, string id, IReadOnlyList<FileSegment> segments, CancellationToken ct)
    {
        DateTimeOffset? expiresAt = batch.OutputExpiresAfter is { } seconds ? time.GetUtcNow().AddSeconds(seconds) : null;
        if (expiresAt is { } due)
        {
            await expiring.AddAsync(
                new ExpiringEntry(ExpiringKind.File, batch.Tenant, id, ResultBlobs.FileOf(batch.Id, file), due), ct);
        }

        await WriteAsync(batch, file, id, segments, stored => stored with { IsGrowing = false, ExpiresAt = expiresAt }, ct);
    }

    /// <summary>Whether the file was complete at some time; its owner may have deleted it since.</summary>
    public async Task<bool> IsWholeAsync(Batch batch, string id, CancellationToken ct) =>
        await files.FindAnyAsync(batch.Tenant, id, ct) is { IsGrowing: false };

    /// <summary>Takes the files of a batch that ends without being finished as they are.</summary>
    public async Task CloseAsync(Batch batch, CancellationToken ct)
    {
        foreach (var id in batch.ResultFileIds)
        {
            await files.MutateAsync(batch.Tenant, id, file => file.IsGrowing ? file with { IsGrowing = false } : null, ct);
        }
    }

    /// <summary>
    /// Adds what the file has not got, as much in one write as its row should take, and makes the change with the last of it.
    /// </summary>
    private async Task WriteAsync(
        Batch batch,
        ResultFile file,
        string id,
        IReadOnlyList<FileSegment> segments,
        Func<StoredFile, StoredFile> change,
        CancellationToken ct)
    {
        var isKnown = (file == ResultFile.Output ? batch.OutputFileId : batch.ErrorFileId) is not null;
        if (!isKnown && await files.TryInsertAsync(Add(New(batch, file, id), segments, change), ct) && segments.Count <= list.MostAtOnce)
        {
            return;
        }

        var isAll = false;
        StoredFile? written;
        do
        {
            written = await files.MutateAsync(
                batch.Tenant,
                id,
                async (stored, token) =>
                {
                    // Nothing is added to a file that is whole, be it a tombstone: its batch ended, or another finisher was faster.
                    isAll = true;
                    if (!stored.IsGrowing)
                    {
                        return null;
                    }

                    var missing = stored.Missing(segments);
                    isAll = missing.Count <= list.MostAtOnce;
                    var spilled = missing.Count > 0 ? await list.SpillAsync(stored, batch.Settled.Count, token) : stored;
                    var changed = Add(spilled, missing, change);
                    return missing.Count > 0 || !changed.IsGrowing ? changed : null;
                },
                ct);
        }
        while (written is not null && !isAll);
    }

    private StoredFile Add(StoredFile file, IReadOnlyList<FileSegment> missing, Func<StoredFile, StoredFile> change) =>
        missing.Count <= list.MostAtOnce ? change(file.With(missing)) : file.With([.. missing.Take(list.MostAtOnce)]);

    private static StoredFile New(Batch batch, ResultFile file, string id) => new()
    {
        Tenant = batch.Tenant,
        Id = id,
        Filename = $"{batch.Id}_{ResultBlobs.NameOf(file)}.jsonl",
        Purpose = FilePurposes.BatchOutput,
        Bytes = 0,
        CreatedAt = IdKind.File.CreatedAt(id),
        Blob = ResultBlobs.FileOf(batch.Id, file),
        IsGrowing = true,
    };
}
