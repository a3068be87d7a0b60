using BatchFunctions.Files;

namespace BatchFunctions.Uploads;

/// <summary>Ends uploads whose hour is over, and removes the rows of ended ones.</summary>
internal sealed class UploadExpiry(UploadStore uploads, FileStore files, FileBlobs blobs, TimeProvider time)
{
    /// <summary>How long an upload is remembered after its hour: a second complete is answered as the first was.</summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromDays(1);

    /// <summary>Looks at an upload that is due.</summary>
    /// <returns>When to look again; null when nothing is left of it.</returns>
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

        if (upload.Status == UploadStatus.Pending || now < upload.ExpiresAt + Remembered)
        {
            return upload.Status == UploadStatus.Pending ? now + Upload.Life : upload.ExpiresAt + Remembered;
        }

        await uploads.RemoveAsync(tenant, id, ct);
        return null;
    }

    /// <summary>
    /// Ends an upload that is pending and claimed by nobody. Its file's row decides: where a crash came between that row
    /// and the upload's, the upload is completed, whatever was asked. The upload's row before the blob, so that nobody
    /// completes what is being deleted.
    /// </summary>
    /// <returns>The upload; null when another was faster.</returns>
    public async Task<Upload?> EndAsync(Upload upload, UploadStatus status, CancellationToken ct)
    {
        var made = upload.FileId is { } fileId && await files.FindAnyAsync(upload.Tenant, fileId, ct) is not null;
        var ended = await uploads.TryUpdateAsync(
            upload with { Status = made ? UploadStatus.Completed : status, ClaimedUntil = null }, ct);
        if (ended is not null && !made)
        {
            await blobs.DeleteAsync(upload.Blob, ct);
        }

        return ended;
    }
}
