using BatchFunctions.Files;

namespace BatchFunctions.Uploads;

/// <summary>Ends uploads that have expired or are cancelled, and removes the rows of ended ones.</summary>
internal sealed class UploadExpiry(UploadStore uploads, FileStore files, FileBlobs blobs, TimeProvider time)
{
    /// <summary>
    /// How long an upload's row is kept after its hour, so that a repeated complete gets the same answer.
    /// </summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromDays(1);

    /// <summary>Handles an upload whose entry is due.</summary>
    /// <returns>When to look again; null if nothing is left of it.</returns>
    public async Task<DateTimeOffset?> SettleAsync(string tenant, string id, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        if (await uploads.FindAsync(tenant, id, ct) is not { } upload)
        {
            return null;
        }

        if (upload.Status == UploadStatus.Pending && now >= upload.ExpiresAt)
        {
            if (upload.IsClaimed(now))
            {
                return upload.ClaimedUntil;
            }

            upload = await EndAsync(upload, UploadStatus.Expired, ct) ?? upload;
        }
        else if (upload.IsGivenUp)
        {
            // Again: a part may have gone on being staged when the upload ended, by a process that has died since.
            await blobs.DiscardAsync(upload.Blob, ct);
        }

        if (upload.Status == UploadStatus.Pending || now < upload.ExpiresAt + Remembered)
        {
            return upload.Status == UploadStatus.Pending ? now + Upload.Life : upload.ExpiresAt + Remembered;
        }

        await uploads.RemoveAsync(tenant, id, ct);
        return null;
    }

    /// <summary>
    /// Ends an upload that is pending and unclaimed. The file's row decides: if it exists, a crash came between it and
    /// the upload's row, and the upload is completed, whatever was asked for. The upload's row is written before the
    /// blob is discarded, so that nobody completes an upload whose blob is going. A part that is being staged meanwhile sees
    /// the row when it is, and discards the blob once more.
    /// </summary>
    /// <returns>The upload; null if another was faster.</returns>
    public async Task<Upload?> EndAsync(Upload upload, UploadStatus status, CancellationToken ct)
    {
        var made = upload.FileId is { } fileId && await files.FindAnyAsync(upload.Tenant, fileId, ct) is not null;
        var ended = await uploads.TryUpdateAsync(
            upload with { Status = made ? UploadStatus.Completed : status, ClaimedUntil = null }, ct);
        if (ended is not null && !made)
        {
            await blobs.DiscardAsync(upload.Blob, ct);
        }

        return ended;
    }
}
