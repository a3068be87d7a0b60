using System.Buffers;
using System.Buffers.Binary;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using BatchFunctions.Http;
using BatchFunctions.Storage;

namespace BatchFunctions.Files;

/// <summary>The blobs of files. What is staged is part of nothing, and nobody sees it, until a commit names it.</summary>
internal sealed class FileBlobs(StorageClients storage)
{
    /// <summary>A blob's limit.</summary>
    public const int MaxBlocks = 50_000;

    private const int UsualBlockBytes = 4 * 1024 * 1024;
    private const int OwnerBytes = 16;

    private readonly BlobServiceClient _blobs = storage.Blobs;

    public static BlobLocation LocationOf(string tenant, string id) => new(ContainerNames.Files, $"{tenant}/{id}");

    /// <summary>
    /// Stages all of a form's part in blocks, one buffer of memory at a time.
    /// </summary>
    /// <param name="blob">Where to.</param>
    /// <param name="part">What.</param>
    /// <param name="owner">32 hex digits that the names of these blocks begin with.</param>
    /// <param name="maxBytes">What the part may weigh.</param>
    /// <param name="see">Sees every byte before it is staged.</param>
    /// <param name="ct">Ends the work.</param>
    /// <exception cref="ApiException">The part is too large, or breaks off.</exception>
    public async Task<StagedBlocks> StageAsync(
        BlobLocation blob, FormPart part, string owner, long maxBytes, Action<ReadOnlySpan<byte>> see, CancellationToken ct)
    {
        var client = Client(blob);
        var size = (int)Math.Max(UsualBlockBytes, (maxBytes + MaxBlocks - 1) / MaxBlocks);
        var buffer = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            var ids = new List<string>();
            long bytes = 0;
            while (true)
            {
                var length = await part.FillAsync(buffer.AsMemory(0, size), ct);
                bytes += length;
                if (bytes > maxBytes)
                {
                    throw new ApiException(ApiError.TooLarge(maxBytes));
                }

                see(buffer.AsSpan(0, length));
                if (length > 0)
                {
                    using var content = new MemoryStream(buffer, 0, length, writable: false);
                    ids.Add(BlockId(owner, ids.Count));
                    await client.StageBlockAsync(ids[^1], content, cancellationToken: ct);
                }

                if (length < size)
                {
                    return new StagedBlocks(ids, bytes);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Makes the blob of staged blocks.</summary>
    public async Task CommitAsync(BlobLocation blob, IEnumerable<string> blockIds, CancellationToken ct) =>
        await Client(blob).CommitBlockListAsync(
            blockIds,
            new CommitBlockListOptions { HttpHeaders = new BlobHttpHeaders { ContentType = "application/octet-stream" } },
            ct);

    /// <summary>Every block of the blob, staged or committed, with its size; none when there is no such blob.</summary>
    public async Task<IReadOnlyDictionary<string, long>> BlocksAsync(BlobLocation blob, CancellationToken ct)
    {
        try
        {
            var list = await Client(blob).GetBlockListAsync(BlockListTypes.All, cancellationToken: ct);
            var blocks = new Dictionary<string, long>(StringComparer.Ordinal);
            foreach (var block in list.Value.CommittedBlocks.Concat(list.Value.UncommittedBlocks))
            {
                blocks[block.Name] = block.SizeLong;
            }

            return blocks;
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return new Dictionary<string, long>();
        }
    }

    /// <summary>Opens a range of the blob, in one read that goes on after a broken connection; null when it is gone.</summary>
    public async Task<Stream?> OpenAsync(BlobLocation blob, long offset, long length, CancellationToken ct)
    {
        try
        {
            var response = await Client(blob).DownloadStreamingAsync(
                new BlobDownloadOptions { Range = new HttpRange(offset, length) }, ct);
            return response.Value.Content;
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Deletes the blob; deleting what has gone is no error.</summary>
    public async Task DeleteAsync(BlobLocation blob, CancellationToken ct) =>
        await Client(blob).DeleteIfExistsAsync(cancellationToken: ct);

    /// <summary>A block's name: whose it is, and its place there. All names of a blob are of one length, as they must be.</summary>
    public static string BlockId(string owner, int number)
    {
        Span<byte> name = stackalloc byte[OwnerBytes + sizeof(ushort)];
        Convert.FromHexString(owner, name, out _, out _);
        BinaryPrimitives.WriteUInt16BigEndian(name[OwnerBytes..], (ushort)number);
        return Convert.ToBase64String(name);
    }

    private BlockBlobClient Client(BlobLocation blob) =>
        _blobs.GetBlobContainerClient(blob.Container).GetBlockBlobClient(blob.Name);
}

/// <summary>What has been staged of a file or a part.</summary>
internal sealed record StagedBlocks(IReadOnlyList<string> BlockIds, long Bytes);
