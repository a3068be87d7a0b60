using BatchFunctions.ActiveBatches;
using BatchFunctions.Http;

namespace BatchFunctions.Files;

/// <summary>
/// Deletes a file in this order: the entry that will clear its tombstone away, the mark on its row, the look for
/// batches that read it, its blob. The mark comes before the look because whoever creates a batch writes its
/// <c>activebatches</c> row and then reads the file's: one of the two sees the other. A crash after the mark leaves a
/// tombstone, which the entry clears away together with the blob.
/// </summary>
internal sealed class FileDeletion(
    FileStore files, ActiveBatchStore active, ExpiringStore expiring, FileBlobs blobs, TimeProvider time)
{
    private static readonly TimeSpan TombstoneLife = TimeSpan.FromDays(1);

    /// <summary>
    /// Longer than a manifest lives: a late finisher that follows the manifest must still find the tombstone.
    /// </summary>
    private static readonly TimeSpan OutputTombstoneLife = TimeSpan.FromDays(8);

    /// <returns>Whether the file existed.</returns>
    /// <exception cref="ApiException">A batch that has not ended reads the file.</exception>
    public async Task<bool> TryDeleteAsync(string tenant, string id, CancellationToken ct)
    {
        if (await files.FindAsync(tenant, id, ct) is not { } file)
        {
            return false;
        }

        var now = time.GetUtcNow();
        var life = file.Purpose == FilePurposes.BatchOutput ? OutputTombstoneLife : TombstoneLife;
        await expiring.AddAsync(file.ToExpiringEntry(now + life), ct);
        var isMarked = false;
        await files.MutateAsync(
            tenant,
            id,
            current =>
            {
                isMarked = !current.IsGone(now);
                return isMarked ? current with { Deleted = true } : null;
            },
            ct);
        if (!isMarked)
        {
            return false;
        }

        // From here on a client's disconnecting changes nothing: a file whose deletion is refused must not stay marked.
        if (await active.AnyReadsAsync(tenant, id, CancellationToken.None))
        {
            await files.MutateAsync(
                tenant, id, current => current.Deleted ? current with { Deleted = false } : null, CancellationToken.None);
            throw new ApiException(FileErrors.FileInUse);
        }

        await blobs.DeleteAsync(file.Blob, CancellationToken.None);
        return true;
    }
}
