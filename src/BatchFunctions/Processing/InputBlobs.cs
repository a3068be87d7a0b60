using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using BatchFunctions.Storage;

namespace BatchFunctions.Processing;

/// <summary>The blobs of batches' inputs, read by ranges.</summary>
internal sealed class InputBlobs(StorageClients storage)
{
    private readonly BlobServiceClient _blobs = storage.Blobs;

    /// <summary>Opens a range of the input for reading. The read continues after a broken connection.</summary>
    /// <exception cref="FileNotFoundException">The blob is gone.</exception>
    /// <exception cref="InputChangedException">The blob ends before the range begins.</exception>
    public async Task<Stream> OpenAsync(BlobLocation blob, long offset, long length, CancellationToken ct)
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
}
