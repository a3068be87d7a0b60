using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using BatchFunctions.Files;
using BatchFunctions.Storage;

namespace BatchFunctions.Processing;

/// <summary>
/// The blobs of batches' results: one for each segment and file. Each name is given to one content, so whoever finds it taken has
/// stored it already, by a request whose answer was lost.
/// </summary>
internal sealed class ResultBlobs(StorageClients storage, FileBlobs files)
{
    /// <summary>A result file's blob, which the names of its segments begin with.</summary>
    public static BlobLocation FileOf(string batchId, ResultFile file) =>
        new(ContainerNames.Batches, $"{batchId}/{NameOf(file)}");

    /// <summary>What a result file is called, in its name and in those of its blobs.</summary>
    public static string NameOf(ResultFile file) => file == ResultFile.Output ? "output" : "error";

    /// <summary>Stores a blob in one request.</summary>
    public async Task PutAsync(BlobLocation blob, Stream content, CancellationToken ct)
    {
        content.Position = 0;
        await UnlessStoredAsync(() => Client(blob).UploadAsync(
            content, new BlobUploadOptions { HttpHeaders = JsonLines, Conditions = New }, ct));
    }

    /// <summary>Stages a block of a blob that is too large for one request.</summary>
    public async Task StageAsync(BlobLocation blob, string blockId, Stream content, CancellationToken ct)
    {
        content.Position = 0;
        await Client(blob).StageBlockAsync(blockId, content, cancellationToken: ct);
    }

    /// <summary>Makes the staged blocks the blob.</summary>
    public Task CommitAsync(BlobLocation blob, IEnumerable<string> blockIds, CancellationToken ct) =>
        UnlessStoredAsync(() => Client(blob).CommitBlockListAsync(
            blockIds, new CommitBlockListOptions { HttpHeaders = JsonLines, Conditions = New }, ct));

    /// <summary>Removes a blob that no row names, or blocks that were staged for it; there may be neither.</summary>
    public Task DiscardAsync(BlobLocation blob, CancellationToken ct) => files.RemoveAsync(blob, ct);

    private static BlobHttpHeaders JsonLines => new() { ContentType = "application/jsonl" };

    private static BlobRequestConditions New => new() { IfNoneMatch = ETag.All };

    private static async Task UnlessStoredAsync(Func<Task> store)
    {
        try
        {
            await store();
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.BlobAlreadyExists)
        {
        }
    }

    private BlockBlobClient Client(BlobLocation blob) =>
        storage.Blobs.GetBlobContainerClient(blob.Container).GetBlockBlobClient(blob.Name);
}

/// <summary>The two result files of a batch.</summary>
internal enum ResultFile
{
    Output,
    Error,
}
