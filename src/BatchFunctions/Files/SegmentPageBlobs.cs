using Azure;
using Azure.Storage.Blobs;
using BatchFunctions.Storage;

namespace BatchFunctions.Files;

/// <summary>The blobs of pages. What is stored under a name never changes.</summary>
internal class SegmentPageBlobs(StorageClients storage)
{
    /// <summary>Stores a page, unless it is there.</summary>
    public virtual async Task StoreAsync(BlobLocation blob, byte[] content, CancellationToken ct)
    {
        try
        {
            await Client(blob).UploadAsync(BinaryData.FromBytes(content), overwrite: false, ct);
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412)
        {
            // With the same content: from a publisher that crashed or was refused, or from this very request, sent twice.
        }
    }

    /// <summary>Reads a page; null if it is gone.</summary>
    public virtual async Task<byte[]?> ReadAsync(BlobLocation blob, CancellationToken ct)
    {
        try
        {
            return (await Client(blob).DownloadContentAsync(ct)).Value.Content.ToArray();
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
    }

    private BlobClient Client(BlobLocation blob) => storage.Blobs.GetBlobContainerClient(blob.Container).GetBlobClient(blob.Name);
}
