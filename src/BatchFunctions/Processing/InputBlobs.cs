using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using BatchFunctions.Storage;

namespace BatchFunctions.Processing;

/// <summary>The blobs of batches' inputs, read by ranges.</summary>
internal sealed class InputBlobs(StorageClients storage) : IDisposable
{
    /// <summary>Inputs of up to so many bytes are remembered from their validation to the run of their only chunk.</summary>
    private const int SmallBytes = 32 * 1024;

    private readonly BlobServiceClient _blobs = storage.Blobs;
    private readonly Remembered<BlobLocation, byte[]> _small = new(mostBytes: 4 * 1024 * 1024);

    /// <summary>Opens the whole input for its validation. A small one is remembered for one <see cref="OpenAsync"/>.</summary>
    /// <inheritdoc cref="OpenAsync"/>
    public async Task<Stream> OpenWholeAsync(BlobLocation blob, long length, CancellationToken ct)
    {
        var stream = await OpenAsync(blob, 0, length, ct);
        if (length > SmallBytes)
        {
            return stream;
        }

        await using (stream)
        {
            var bytes = new byte[length];
            if (await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, ct) is var read && read < bytes.Length)
            {
                return new MemoryStream(bytes, 0, read);
            }

            _small.Keep(blob, bytes, bytes.Length);
            return new MemoryStream(bytes, writable: false);
        }
    }

    /// <summary>Opens a range of the input for reading. The read continues after a broken connection.</summary>
    /// <exception cref="FileNotFoundException">The blob is gone.</exception>
    /// <exception cref="InputChangedException">The blob ends before the range begins.</exception>
    public async Task<Stream> OpenAsync(BlobLocation blob, long offset, long length, CancellationToken ct)
    {
        if (_small.TryTake(blob, out var bytes) && offset + length <= bytes!.Length)
        {
            return new MemoryStream(bytes, (int)offset, (int)length, writable: false);
        }

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

    /// <inheritdoc/>
    public void Dispose() => _small.Dispose();

    /// <summary>Whether storage says that there is no such blob.</summary>
    public async Task<bool> IsGoneAsync(BlobLocation blob, CancellationToken ct) =>
        !await _blobs.GetBlobContainerClient(blob.Container).GetBlobClient(blob.Name).ExistsAsync(ct);
}
