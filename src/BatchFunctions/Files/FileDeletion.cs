using BatchFunctions.ActiveBatches;
using BatchFunctions.Configuration;
using BatchFunctions.Http;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Files;

/// <summary>
/// Deletes a file in this order: the entry that will clear its tombstone away, the mark on its row, the look for
/// batches that read it, the decision, its blob. The mark comes before the look because whoever creates a batch writes
/// its <c>activebatches</c> row and then reads the file's: one of the two sees the other. The decision makes the mark a
/// tombstone or takes it away, under the ETag that the mark was written with.
/// </summary>
/// <remarks>
/// Until the decision the file is shown as it was. A crash after the mark leaves one that lapses; a batch that is then
/// made of the file takes it away, and its writer, should it live after all, is refused by the ETag. A crash after the
/// decision leaves a tombstone, which the entry clears away together with the blob. A content of many segments has a second entry,
/// by which sweeps remove it bit by bit; it is written behind the decision, since it would remove what stays. A crash before it leaves
/// the content to the tombstone's entry.
/// </remarks>
internal sealed class FileDeletion(
    FileStore files,
    ActiveBatchStore active,
    ExpiringStore expiring,
    FileBlobs blobs,
    StoredBytes stored,
    BatchQueues queues,
    ProtocolSteps steps,
    IOptions<BatchOptions> options,
    TimeProvider time)
{
    /// <summary>How long a mark holds others off: twice as long as its writer takes to decide, or gives up.</summary>
    public static readonly TimeSpan MarkLife = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan TombstoneLife = TimeSpan.FromDays(1);

    /// <summary>Longer than any process is late: a late finisher must still find the tombstone.</summary>
    private static readonly TimeSpan OutputTombstoneLife = TimeSpan.FromDays(8);

    /// <returns>Whether the file existed.</returns>
    /// <exception cref="ApiException">
    /// A batch that has not ended reads the file, or another request has yet to decide about it.
    /// </exception>
    /// <exception cref="StorageUnavailableException">Storage took too long for a decision; the file stays.</exception>
    public async Task<bool> TryDeleteAsync(string tenant, string id, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        if (await files.FindAsync(tenant, id, ct) is not { } file)
        {
            return false;
        }

        CheckUndisputed(file, now);
        await CheckWholeAsync(file, ct);
        var life = file.Purpose == FilePurposes.BatchOutput ? OutputTombstoneLife : TombstoneLife;
        await expiring.AddAsync(file.ToExpiringEntry(now + life), ct);

        // From here on a client's disconnecting changes nothing: a mark without a decision holds others off.
        using var limit = new CancellationTokenSource(MarkLife / 2, time);
        try
        {
            if (await MarkAsync(file, limit.Token) is not { } marked)
            {
                return false;
            }

            await DecideAsync(marked, limit.Token);
        }
        catch (OperationCanceledException e) when (limit.IsCancellationRequested)
        {
            throw new StorageUnavailableException(e);
        }

        stored.Remove(tenant, file.Bytes);
        await RemoveContentAsync(file, now);
        return true;
    }

    /// <summary>
    /// Removes the content of a file that is deleted. That of one with many segments is left to a sweep: it would take longer than
    /// a request lasts.
    /// </summary>
    private async Task RemoveContentAsync(StoredFile file, DateTimeOffset now)
    {
        if (file.SegmentCount <= options.Value.SegmentsDeletedAtOnce)
        {
            await blobs.TryDeleteAsync(file.Blob, CancellationToken.None);
            return;
        }

        await steps.ReachedAsync(ProtocolStep.FileTombstoneWritten, CancellationToken.None);
        await expiring.AddAsync(new ExpiringEntry(ExpiringKind.Content, file.Tenant, file.Id, file.Blob, now), CancellationToken.None);
        await queues.AskSweepAsync(TimeSpan.Zero, CancellationToken.None);
    }

    /// <returns>The file with its mark; null if it is gone.</returns>
    private async Task<StoredFile?> MarkAsync(StoredFile file, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var marked = await files.MutateAsync(
            file.Tenant,
            file.Id,
            current =>
            {
                CheckUndisputed(current, now);
                return current.IsGone(now) ? null : current with { DeletingUntil = now + MarkLife };
            },
            ct);
        return marked is null || marked.IsGone(now) ? null : marked;
    }

    private async Task DecideAsync(StoredFile marked, CancellationToken ct)
    {
        await CheckWholeAsync(marked, ct);
        var isRead = await active.AnyReadsAsync(marked.Tenant, marked.Id, ct);
        var decided = await files.TryUpdateAsync(marked with { Deleted = !isRead, DeletingUntil = null }, ct);
        if (isRead)
        {
            throw new ApiException(FileErrors.FileInUse);
        }

        if (decided is null)
        {
            throw new ConcurrencyException($"File {marked.Id}");
        }
    }

    /// <summary>Refuses to delete what a batch is adding to; one that ended without saying so does so no more.</summary>
    private async Task CheckWholeAsync(StoredFile file, CancellationToken ct)
    {
        if (file.IsGrowing && await active.IsActiveAsync(file.MadeBy, ct))
        {
            throw new ApiException(FileErrors.FileGrowing);
        }
    }

    private static void CheckUndisputed(StoredFile file, DateTimeOffset now)
    {
        if (file.IsBeingDeleted(now))
        {
            throw new ApiException(FileErrors.BeingDeleted(null));
        }
    }
}
