using BatchFunctions.ActiveBatches;
using BatchFunctions.Configuration;
using BatchFunctions.Http;
using BatchFunctions.Ids;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Files;

/// <summary>
/// Deletes a file in this order: the entry that will clear its tombstone away, the tombstone, the look for batches that read it, its
/// content. From the tombstone on the file is gone for everybody but the batches that were made of it before: they go on, and its
/// content goes when the last of them has been cleared away (<see cref="ReleaseAsync"/>). The tombstone comes before the look because
/// whoever creates a batch writes its <c>activebatches</c> row and then reads the file's: one of the two sees the other.
/// </summary>
/// <remarks>
/// A crash behind the tombstone, or a fault of storage, leaves the content to the tombstone's entry, which is put off while a batch reads it. A content of many
/// segments has a second entry, by which sweeps remove it bit by bit.
/// </remarks>
internal sealed partial class FileDeletion(
    FileStore files,
    ActiveBatchStore active,
    ExpiringStore expiring,
    FileBlobs blobs,
    StoredBytes stored,
    BatchQueues queues,
    ProtocolSteps steps,
    IOptions<BatchOptions> options,
    TimeProvider time,
    ILogger<FileDeletion> logger)
{
    private static readonly TimeSpan TombstoneLife = TimeSpan.FromDays(1);

    /// <summary>Longer than any process is late: a late finisher must still find the tombstone.</summary>
    private static readonly TimeSpan OutputTombstoneLife = TimeSpan.FromDays(8);

    /// <returns>Whether the file existed.</returns>
    /// <exception cref="ApiException">A batch that has not ended adds its results to the file.</exception>
    public Task<bool> TryDeleteAsync(string tenant, string id, CancellationToken ct) => TryDeleteAsync(tenant, id, isEnded: false, ct);

    /// <summary>Deletes a result file of a batch that has ended, though it may not say itself that it is whole.</summary>
    public Task<bool> TryDeleteOfEndedAsync(string tenant, string id, CancellationToken ct) => TryDeleteAsync(tenant, id, isEnded: true, ct);

    private async Task<bool> TryDeleteAsync(string tenant, string id, bool isEnded, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        if (await files.FindAsync(tenant, id, ct) is not { } file)
        {
            return false;
        }

        await CheckWholeAsync(file, isEnded, ct);
        var life = file.Purpose == FilePurposes.BatchOutput ? OutputTombstoneLife : TombstoneLife;
        await expiring.AddAsync(file.ToExpiringEntry(now + life), ct);
        if (await BuryAsync(file, isEnded, now, ct) is not { } buried)
        {
            return false;
        }

        // From here on a client's disconnecting changes nothing: the file is gone for it.
        stored.Remove(tenant, buried.Bytes);
        await steps.ReachedAsync(ProtocolStep.FileTombstoneWritten, CancellationToken.None);
        try
        {
            await RemoveUnreadAsync(buried, CancellationToken.None);
        }
        catch (Exception e) when (StorageFaults.IsFault(e))
        {
            // As told to ask again, a client would be told then that there is no such file.
            Log.ContentStays(logger, e, id);
        }

        return true;
    }

    /// <summary>Removes the content of a file that was deleted while a batch read it, unless another still does.</summary>
    /// <param name="tenant">The project.</param>
    /// <param name="id">The file, which a batch has read that is cleared away.</param>
    /// <param name="ct">Cancels the operation.</param>
    public async Task ReleaseAsync(string tenant, string id, CancellationToken ct)
    {
        if (IdKind.File.IsValid(id) && await files.FindAnyAsync(tenant, id, ct) is { Deleted: true } file)
        {
            await RemoveUnreadAsync(file, ct);
        }
    }

    /// <returns>The file's tombstone; null if another has made it one, or it is gone.</returns>
    private async Task<StoredFile?> BuryAsync(StoredFile file, bool isEnded, DateTimeOffset now, CancellationToken ct)
    {
        var isOurs = false;
        var buried = await files.MutateAsync(
            file.Tenant,
            file.Id,
            async (current, token) =>
            {
                isOurs = !current.IsGone(now);
                if (!isOurs)
                {
                    return null;
                }

                await CheckWholeAsync(current, isEnded, token);
                return current with { Deleted = true, DeletingUntil = null, IsGrowing = false };
            },
            ct);
        return isOurs ? buried : null;
    }

    private async Task RemoveUnreadAsync(StoredFile file, CancellationToken ct)
    {
        if (await active.AnyReadsAsync(file.Tenant, file.Id, ct))
        {
            return;
        }

        // That of a file with many segments is left to a sweep: it would take longer than a request lasts.
        if (file.SegmentCount <= options.Value.SegmentsDeletedAtOnce)
        {
            await blobs.TryDeleteAsync(file.Blob, ct);
            return;
        }

        await expiring.AddAsync(new ExpiringEntry(ExpiringKind.Content, file.Tenant, file.Id, file.Blob, time.GetUtcNow()), ct);
        await queues.AskSweepAsync(TimeSpan.Zero, ct);
    }

    /// <summary>Refuses to delete what a batch is adding to; one that ended without saying so does so no more.</summary>
    private async Task CheckWholeAsync(StoredFile file, bool isEnded, CancellationToken ct)
    {
        if (!isEnded && file.IsGrowing && await active.IsActiveAsync(file.MadeBy, ct))
        {
            throw new ApiException(FileErrors.FileGrowing);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "File {FileId} is deleted; its content could not be removed yet, and is when its tombstone is cleared away.")]
        public static partial void ContentStays(ILogger logger, Exception e, string fileId);
    }
}
