using System.Buffers;
using System.Security.Cryptography;
using BatchFunctions.Files;
using BatchFunctions.Http;
using BatchFunctions.Ids;
using BatchFunctions.Lines;
using BatchFunctions.Projects;
using BatchFunctions.Storage;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Uploads;

/// <summary>
/// Creates a file from an upload's parts without copying or holding a byte: the blocks are there, and the commit names
/// their order. One request at a time does so, by a claim on the upload's row, in this order: the claim with the file's
/// id, the <c>expiring</c> entry, the commit, the check of what was committed, the file's row, the upload's row. The
/// claim is renewed while the check reads. A crash leaves one that lapses within two minutes; whoever completes the
/// upload next continues with the same file id, and commits again unless the file has a row. An upload that nobody
/// completes any more expires, and its blob with it.
/// </summary>
internal sealed partial class UploadCompletion(
    UploadStore uploads,
    FileStore files,
    ExpiringStore expiring,
    FileBlobs blobs,
    StoredBytes stored,
    ProjectReader projects,
    TimeProvider time,
    ILogger<UploadCompletion> logger) : IDisposable
{
    private const int ReadBytes = 128 * 1024;

    /// <summary>
    /// Claims that this process failed to release, by upload: their work has ended, so this process may take them over.
    /// </summary>
    private readonly MemoryCache _unreleased = new(new MemoryCacheOptions());

    /// <returns>The upload and its file; null if there is no such upload.</returns>
    /// <exception cref="ApiException">
    /// The parts do not make up the file, or the upload's status does not allow it.
    /// </exception>
    /// <exception cref="StorageUnavailableException">Storage took so long that the claim had to be given up.</exception>
    public async Task<CompletedUpload?> CompleteAsync(
        string tenant, string id, IReadOnlyList<string> partIds, byte[]? md5, CancellationToken ct)
    {
        if (await uploads.FindAsync(tenant, id, ct) is not { } upload)
        {
            return null;
        }

        if (upload.Status == UploadStatus.Completed)
        {
            return await AnswerAsync(upload, ct);
        }

        CheckPending(upload);
        using var share = await stored.OpenAsync(tenant, null, ct);

        // A file that a crash has kept from being named is stored already, and counts.
        var more = await HasFileAsync(upload, ct) ? 0 : upload.Bytes;
        share.Grow(more);
        var blockIds = UploadPart.WantedBlocks(upload, partIds, await blobs.BlocksAsync(upload.Blob, ct));
        var claimed = await uploads.MutateAsync(tenant, id, Claimed, ct);
        if (claimed is null or { Status: UploadStatus.Completed })
        {
            return claimed is null ? null : await AnswerAsync(claimed, ct);
        }

        var completed = await CompleteAsync(claimed, blockIds, md5);
        share.Keep(more);
        return completed;
    }

    public void Dispose() => _unreleased.Dispose();

    private Upload? Claimed(Upload upload)
    {
        if (upload.Status == UploadStatus.Completed)
        {
            return null;
        }

        CheckPending(upload);
        var now = time.GetUtcNow();
        return upload.IsClaimed(now) && !(_unreleased.TryGetValue(upload.Id, out DateTimeOffset own) && own == upload.ClaimedUntil)
            ? throw new ApiException(ApiError.Contended)
            : upload with { ClaimedUntil = UploadClaim.From(now), FileId = upload.FileId ?? IdKind.File.New(now) };
    }

    private async Task<CompletedUpload> CompleteAsync(Upload claimed, IReadOnlyList<string> blockIds, byte[]? md5)
    {
        // From here on a client's disconnecting changes nothing.
        using var claim = new UploadClaim(claimed, uploads, time);
        try
        {
            var file = await MakeFileAsync(claim, blockIds, md5);
            return await claim.TryWriteAsync(upload => upload with { Status = UploadStatus.Completed, ClaimedUntil = null }, claim.Limit)
                ? new CompletedUpload(claim.Upload, file)
                : throw new ConcurrencyException($"Upload {claimed.Id}");
        }
        catch (Exception e) when (e is not OutOfMemoryException && !claim.Limit.IsCancellationRequested)
        {
            await ReleaseAsync(claim);
            throw;
        }
        catch (OperationCanceledException e)
        {
            // Storage took too long. The claim is left to lapse, since what was sent may still land.
            throw new StorageUnavailableException(e);
        }
    }

    /// <summary>
    /// Releases the claim, so that the client's next try need not wait for it to lapse. A failure to release does not
    /// hide the original error; the claim is then taken over by this process's next try, and lapses for others.
    /// </summary>
    private async Task ReleaseAsync(UploadClaim claim)
    {
        var claimed = claim.Upload;
        try
        {
            await claim.TryWriteAsync(
                upload => upload with { ClaimedUntil = null, PartBytes = claim.HasRemovedParts ? 0 : upload.PartBytes },
                CancellationToken.None);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Log.NotReleased(logger, e, claimed.Id);
            _unreleased.Set(claimed.Id, claimed.ClaimedUntil!.Value, UploadClaim.Length);
        }
    }

    private async Task<StoredFile> MakeFileAsync(UploadClaim claim, IReadOnlyList<string> blockIds, byte[]? md5)
    {
        var (upload, ct) = (claim.Upload, claim.Limit);
        if (await files.FindAnyAsync(upload.Tenant, upload.FileId!, ct) is { } standing)
        {
            return standing;
        }

        var file = upload.ToFile();
        await expiring.AddAsync(file.ToExpiringEntry(FileLife.DueOf(file.CreatedAt, file.ExpiresAt)), ct);
        await blobs.CommitAsync(upload.Blob, blockIds, ct);
        try
        {
            file = file with { Lines = await VerifyAsync(file, md5, claim) };
            await projects.CheckOpenAsync(file.Tenant, ct);
        }
        catch (ApiException)
        {
            // If the claim has been lost meanwhile, the blob may be a file's by now.
            await claim.KeepAsync();
            await blobs.TryDeleteAsync(upload.Blob, ct);
            claim.HasRemovedParts = true;
            throw;
        }

        await claim.KeepAsync();
        await files.TryInsertAsync(file, ct);
        return file;
    }

    /// <summary>
    /// Checks what was committed, reading as little as possible: uncommitted blocks cannot be read, and checksums of
    /// parts do not add up to the file's.
    /// </summary>
    /// <returns>The lines of a batch's input, estimated from what was read; null for another file.</returns>
    private async Task<long?> VerifyAsync(StoredFile file, byte[]? md5, UploadClaim claim)
    {
        var ct = claim.Limit;
        var probe = file.Purpose == FilePurposes.Batch ? new FirstLineProbe() : null;
        var counter = probe is null ? null : new LineCounter();
        if (probe is null && md5 is null)
        {
            return null;
        }

        await using var content = await blobs.OpenAsync(file.Blob, 0, file.Bytes, ct)
            ?? throw new InvalidOperationException($"The blob of file {file.Id} has been committed and is gone.");

        // The checksum is the client's own and only guards against accidents; MD5 is what the API specifies.
#pragma warning disable CA5351
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
#pragma warning restore CA5351
        var buffer = ArrayPool<byte>.Shared.Rent(ReadBytes);
        try
        {
            int length;
            while ((md5 is not null || probe?.Verdict == FirstLine.Undecided)
                && (length = await content.ReadAsync(buffer, ct)) > 0)
            {
                probe?.Append(buffer.AsSpan(0, length));
                counter?.Append(buffer.AsSpan(0, length));
                if (md5 is not null)
                {
                    hash.AppendData(buffer, 0, length);
                }

                await claim.KeepAsync();
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        if (md5 is not null && !hash.GetHashAndReset().AsSpan().SequenceEqual(md5))
        {
            throw new ApiException(UploadErrors.Md5Differs);
        }

        if (probe is not null)
        {
            BatchInputCheck.Check(probe.Complete());
        }

        return counter?.Estimate(file.Bytes);
    }

    private async Task<bool> HasFileAsync(Upload upload, CancellationToken ct) =>
        upload.FileId is { } fileId && await files.FindAnyAsync(upload.Tenant, fileId, ct) is not null;

    private void CheckPending(Upload upload)
    {
        var status = upload.StatusAt(time.GetUtcNow());
        if (status != UploadStatus.Pending)
        {
            throw new ApiException(UploadErrors.WrongUploadState("complete", status.Wire()));
        }
    }

    private async Task<CompletedUpload> AnswerAsync(Upload upload, CancellationToken ct) =>
        new(upload, await files.FindAsync(upload.Tenant, upload.FileId!, ct));

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Upload {UploadId} could not be completed, and its claim not be given up either.")]
        public static partial void NotReleased(ILogger logger, Exception e, string uploadId);
    }
}

/// <summary>A completed upload and its file, which is null if it has been deleted or has expired since.</summary>
internal sealed record CompletedUpload(Upload Upload, StoredFile? File);
