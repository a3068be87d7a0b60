using Azure.Storage.Blobs.Models;
using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Files;
using BatchFunctions.Ids;
using BatchFunctions.Metering;
using BatchFunctions.Storage;

namespace BatchFunctions.Processing;

/// <summary>
/// Looks after a batch once more, a day after it has ended, for what came after it was cleared away: a request that storage carried out
/// when its sender had long given it up, a worker that woke. Rows of chunks go, and results that neither file names.
/// </summary>
internal sealed class BatchLeftovers(
    ExpiringStore expiring,
    ActiveBatchStore active,
    BatchStore batches,
    ChunkStore chunks,
    FileStore files,
    SegmentList list,
    ResultBlobs blobs,
    BatchMetering metering,
    StorageClients storage,
    TimeProvider time)
{
    private static readonly TimeSpan Delay = TimeSpan.FromDays(1);
    private static readonly TimeSpan PutOff = TimeSpan.FromHours(1);

    /// <summary>Enters a batch that is about to end.</summary>
    public Task EnterAsync(BatchKey key, CancellationToken ct) => expiring.AddAsync(
        new ExpiringEntry(
            ExpiringKind.Batch, key.Tenant, key.Id, new BlobLocation(ContainerNames.Batches, PrefixOf(key.Id)), time.GetUtcNow() + Delay),
        ct);

    /// <returns>When to look again; null if nothing is left to look at.</returns>
    public async Task<DateTimeOffset?> SettleAsync(BatchKey key, CancellationToken ct)
    {
        if (await active.IsActiveAsync(key, ct))
        {
            return time.GetUtcNow() + PutOff;
        }

        await metering.ForgetAsync(key, ct);
        await chunks.DeleteAllAsync(key.Id, _ => Task.CompletedTask, ct);
        if (await batches.FindAsync(key, ct) is not { Unreadable: null } batch)
        {
            // Which files it has is not known.
            return null;
        }

        var (named, segments) = await NamedAsync(batch, ct);
        var container = storage.Blobs.GetBlobContainerClient(ContainerNames.Batches);
        await foreach (var blob in container.GetBlobsAsync(BlobTraits.None, BlobStates.Uncommitted, PrefixOf(key.Id), ct))
        {
            if (!named.Contains(blob.Name) && !(FileSegment.TryRead(blob.Name) is { } segment && segments.Contains(segment)))
            {
                await blobs.DiscardAsync(new BlobLocation(ContainerNames.Batches, blob.Name), ct);
            }
        }

        return null;
    }

    private static string PrefixOf(string batchId) => batchId + "/";

    /// <summary>
    /// The blobs of the batch's files, and its manifest, which has an entry of its own. Segments, of which there may be very many,
    /// are kept as numbers, by their files' blobs.
    /// </summary>
    private async Task<(HashSet<string> Blobs, HashSet<(string File, int Chunk, int Epoch, int Part)> Segments)> NamedAsync(
        Batch batch, CancellationToken ct)
    {
        var named = new HashSet<string>(StringComparer.Ordinal) { StagedBlobs.ManifestOf(batch.Id).Name };
        var segments = new HashSet<(string File, int Chunk, int Epoch, int Part)>();
        foreach (var id in batch.ResultFileIds)
        {
            // The content of one that was deleted is another's to read as long as a batch is made of it, and then goes with the tombstone.
            if (await files.FindAnyAsync(batch.Tenant, id, ct) is { } file
                && (!file.Deleted || await active.AnyReadsAsync(batch.Tenant, id, ct)))
            {
                named.Add(file.Blob.Name);
                named.UnionWith(file.Pages.Select(page => page.In(file.Blob).Name));
                await foreach (var segment in list.AllAsync(file, ct))
                {
                    segments.Add((file.Blob.Name, segment.Chunk, segment.Epoch, segment.Part));
                }
            }
        }

        return (named, segments);
    }
}
