using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Files;
using BatchFunctions.Storage;

namespace BatchFunctions.Processing;

/// <summary>
/// Puts results together that a version before 0.2 staged as blocks of one blob for each file. They are the last part of the file,
/// and can be read when the batch has ended.
/// </summary>
internal sealed class StagedBlobs(StorageClients storage, ResultBlobs blobs, ExpiringStore expiring, TimeProvider time)
{
    private static readonly TimeSpan ManifestLife = TimeSpan.FromDays(7);

    /// <summary>Where a batch's manifest is, if it has one.</summary>
    public static BlobLocation ManifestOf(string batchId) => new(ContainerNames.Batches, $"{batchId}/manifest");

    /// <summary>Commits what was staged of a file.</summary>
    /// <param name="batchId">The batch.</param>
    /// <param name="file">Which file.</param>
    /// <param name="staged">The chunks with staged results.</param>
    /// <param name="ct">Cancels the operation.</param>
    /// <returns>The part of the file that it makes; null if nothing of this file was staged.</returns>
    /// <exception cref="ResultsLostException">A block is gone: storage keeps uncommitted blocks for a week.</exception>
    public async Task<FileSegment?> CommitAsync(
        string batchId, ResultFile file, IReadOnlyList<Chunk> staged, CancellationToken ct)
    {
        var isOutput = file == ResultFile.Output;
        var blocks = BlocksOf(file, staged);
        if (blocks.Count == 0)
        {
            return null;
        }

        try
        {
            await blobs.CommitAsync(ResultBlobs.FileOf(batchId, file), blocks, ct);
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.InvalidBlockList)
        {
            throw new ResultsLostException(e);
        }

        return FileSegment.Whole(
            staged.Sum(chunk => isOutput ? chunk.Staged.OutputBytes : chunk.Staged.ErrorBytes),
            staged.Sum(chunk => isOutput ? StagedOutputLines(chunk) : StagedErrorLines(chunk)));
    }

    /// <summary>The ids of the files that are made of staged results: those of the manifest, which is written unless it stands.</summary>
    public async Task<(string? Output, string? Error)> IdsAsync(Batch batch, BatchSum sum, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var (output, error) = (BlocksOf(ResultFile.Output, sum.Staged), BlocksOf(ResultFile.Error, sum.Staged));
        var own = new StagedManifest
        {
            Outcome = batch.Outcome!.Value,
            FinishedAt = now,
            OutputFileId = output.Count > 0 ? ResultFiles.IdOf(batch, ResultFile.Output) : null,
            ErrorFileId = error.Count > 0 ? ResultFiles.IdOf(batch, ResultFile.Error) : null,
            OutputBytes = sum.Staged.Sum(chunk => chunk.Staged.OutputBytes),
            ErrorBytes = sum.Staged.Sum(chunk => chunk.Staged.ErrorBytes),
            OutputBlocks = output,
            ErrorBlocks = error,
            Counts = batch.Counts with { Completed = sum.Completed, Failed = sum.Failed },
            Usage = sum.Usage,
        };
        var location = ManifestOf(batch.Id);
        await expiring.AddAsync(new ExpiringEntry(ExpiringKind.Manifest, batch.Tenant, batch.Id, location, now + ManifestLife), ct);
        var standing = await CreateOrReadAsync(Container.GetBlobClient(location.Name), own, ct);
        return (standing.OutputFileId, standing.ErrorFileId);
    }

    private static async Task<StagedManifest> CreateOrReadAsync(BlobClient blob, StagedManifest own, CancellationToken ct)
    {
        try
        {
            await blob.UploadAsync(
                own.ToJson(), new BlobUploadOptions { Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All } }, ct);
            return own;
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412)
        {
            var content = await blob.DownloadContentAsync(ct);
            return StagedManifest.FromJson(content.Value.Content);
        }
    }

    private static List<string> BlocksOf(ResultFile file, IReadOnlyList<Chunk> staged) => staged
        .SelectMany(chunk => (file == ResultFile.Output ? chunk.Staged.Output : chunk.Staged.Error).Select(block => block.IdIn(chunk.Number)))
        .ToList();

    private BlobContainerClient Container => storage.Blobs.GetBlobContainerClient(ContainerNames.Batches);

    private static int StagedOutputLines(Chunk chunk) => chunk.Completed - chunk.Segments.Sum(segment => segment.OutputLines);

    private static int StagedErrorLines(Chunk chunk) =>
        chunk.Done.Count - chunk.Completed - chunk.Segments.Sum(segment => segment.ErrorLines);
}

/// <summary>Blocks that a chunk's row names are gone, so the batch's results cannot be put together.</summary>
internal sealed class ResultsLostException(Exception inner)
    : Exception("Results that were staged are gone from storage.", inner);
