using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using BatchFunctions.Storage;

namespace BatchFunctions.Processing;

/// <summary>
/// The blobs of a batch: its input, read by ranges, and its results: output file, error file and manifest.
/// </summary>
internal sealed class BatchBlobs(StorageClients storage)
{
    private readonly BlobServiceClient _blobs = storage.Blobs;

    /// <summary>Opens a range of the input for reading. The read continues after a broken connection.</summary>
    /// <exception cref="FileNotFoundException">The blob is gone.</exception>
    /// <exception cref="InputChangedException">The blob ends before the range begins.</exception>
    public async Task<Stream> OpenInputAsync(BlobLocation blob, long offset, long length, CancellationToken ct)
    {
        try
        {
            var response = await _blobs.GetBlobContainerClient(blob.Container).GetBlobClient(blob.Name)
                .DownloadStreamingAsync(new BlobDownloadOptions { Range = new HttpRange(offset, length) }, ct);
            return response.Value.Content;
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            throw new FileNotFoundException("The batch's input is gone from storage.", e);
        }
        catch (RequestFailedException e) when (e.Status == 416)
        {
            throw new InputChangedException(e);
        }
    }

    /// <summary>Whether storage says that there is no such blob.</summary>
    public async Task<bool> IsGoneAsync(BlobLocation blob, CancellationToken ct) =>
        !await _blobs.GetBlobContainerClient(blob.Container).GetBlobClient(blob.Name).ExistsAsync(ct);

    /// <summary>Stages a block, which is part of no file until a commit names it.</summary>
    public async Task StageAsync(string batchId, ResultFile file, string blockId, Stream content, CancellationToken ct)
    {
        content.Position = 0;
        await Client(LocationOf(batchId, file)).StageBlockAsync(blockId, content, cancellationToken: ct);
    }

    /// <summary>Commits the staged blocks as the file, unless it exists already.</summary>
    /// <exception cref="ResultsLostException">A block is gone: storage keeps uncommitted blocks for a week.</exception>
    public async Task CommitAsync(string batchId, ResultFile file, IEnumerable<string> blockIds, CancellationToken ct)
    {
        try
        {
            await Client(LocationOf(batchId, file)).CommitBlockListAsync(
                blockIds,
                new CommitBlockListOptions
                {
                    HttpHeaders = new BlobHttpHeaders { ContentType = "application/jsonl" },
                    Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
                },
                ct);
        }
        catch (RequestFailedException e) when (e.Status == 409)
        {
            // Committed already, by another finisher or by this very request, sent twice; all follow the one manifest.
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.InvalidBlockList)
        {
            throw new ResultsLostException(e);
        }
    }

    /// <summary>Writes the manifest, or reads the existing one: whoever comes second follows the first.</summary>
    public async Task<Manifest> CreateOrReadManifestAsync(string batchId, Manifest manifest, CancellationToken ct)
    {
        try
        {
            await ManifestClient(batchId).UploadAsync(
                manifest.ToJson(),
                new BlobUploadOptions
                {
                    HttpHeaders = new BlobHttpHeaders { ContentType = "application/json" },
                    Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
                },
                ct);
            return manifest;
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412)
        {
            return await FindManifestAsync(batchId, ct)
                ?? throw new InvalidOperationException($"The manifest of batch {batchId} stood and is gone.", e);
        }
    }

    public async Task<Manifest?> FindManifestAsync(string batchId, CancellationToken ct)
    {
        try
        {
            var content = await ManifestClient(batchId).DownloadContentAsync(ct);
            return Manifest.FromJson(content.Value.Content);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
    }

    public static BlobLocation LocationOf(string batchId, ResultFile file) =>
        new(ContainerNames.Batches, $"{batchId}/{(file == ResultFile.Output ? "output" : "error")}");

    public static BlobLocation ManifestLocationOf(string batchId) => new(ContainerNames.Batches, $"{batchId}/manifest");

    private BlobClient ManifestClient(string batchId)
    {
        var location = ManifestLocationOf(batchId);
        return _blobs.GetBlobContainerClient(location.Container).GetBlobClient(location.Name);
    }

    private BlockBlobClient Client(BlobLocation blob) =>
        _blobs.GetBlobContainerClient(blob.Container).GetBlockBlobClient(blob.Name);
}

/// <summary>The two result files of a batch.</summary>
internal enum ResultFile
{
    Output,
    Error,
}

/// <summary>Blocks that a manifest names are gone, so the batch's results cannot be put together.</summary>
internal sealed class ResultsLostException(Exception inner)
    : Exception("Results that were staged are gone from storage.", inner);
