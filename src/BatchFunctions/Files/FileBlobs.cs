using System.Buffers;
using System.Buffers.Binary;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using BatchFunctions.Configuration;
using BatchFunctions.Http;
using BatchFunctions.Memory;
using BatchFunctions.Storage;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Files;

/// <summary>The blobs of files. Staged blocks are invisible, and part of no file, until a commit names them.</summary>
internal sealed class FileBlobs(StorageClients storage, ByteBudget memory, IOptions<BatchOptions> options)
{
    /// <summary>The most blocks that a blob may have.</summary>
    public const int MaxBlocks = 50_000;

    private const int DeletedAtOnce = 16;

    private const int UsualBlockBytes = 4 * 1024 * 1024;
    private const int OwnerBytes = 16;

    private readonly BlobServiceClient _blobs = storage.Blobs;

    public static BlobLocation LocationOf(string tenant, string id) => new(ContainerNames.Files, $"{tenant}/{id}");

    /// <summary>
    /// Stages a whole part of a form as blocks, holding one block in memory at a time. A block that is being staged is
    /// staged to its end even if the client leaves, so that whoever discards the blocks discards all of them.
    /// </summary>
    /// <param name="blob">The blob to stage into.</param>
    /// <param name="part">The part to read.</param>
    /// <param name="owner">32 hex digits that the names of these blocks begin with.</param>
    /// <param name="intake">What the part is held to.</param>
    /// <param name="ct">Cancels the reading.</param>
    /// <exception cref="ApiException">The part is too large, is refused otherwise, or ends early.</exception>
    public async Task<StagedBlocks> StageAsync(
        BlobLocation blob, FormPart part, string owner, Intake intake, CancellationToken ct)
    {
        var size = BlockBytesFor(intake.MaxBytes);
        var ids = new List<string>();
        long bytes = 0;
        var isFull = true;
        while (isFull)
        {
            // One byte more than is allowed tells a part that is too large, without waiting for the rest of a block.
            using var held = memory.Open();
            using var block = new ByteBlocks();
            isFull = await FillAsync(block, part, Math.Min(size, intake.MaxBytes - bytes + 1), held, intake.See, ct);
            bytes += block.Count;
            if (bytes > intake.MaxBytes)
            {
                throw new ApiException(intake.TooLarge);
            }

            if (block.Count > 0)
            {
                await intake.AdmitAsync(bytes);
                ids.Add(BlockId(owner, ids.Count));
                await StageBlockAsync(blob, ids[^1], block.Sequence, CancellationToken.None);
            }
        }

        return new StagedBlocks(ids, bytes);
    }

    /// <summary>
    /// Fills a block from a part. What is held grows with what comes, as far as the process may hold it, so that an upload that
    /// stalls holds little.
    /// </summary>
    /// <returns>Whether the block is full; otherwise the part has ended.</returns>
    private static async Task<bool> FillAsync(
        ByteBlocks block, FormPart part, long size, ByteShare held, Action<ReadOnlySpan<byte>> see, CancellationToken ct)
    {
        while (block.Count < size)
        {
            await held.GrowAsync(block.Count + BlockPool.BlockBytes, ct);
            var room = block.GetMemory();
            room = room[..(int)Math.Min(room.Length, size - block.Count)];
            var read = await part.FillAsync(room, ct);
            see(room.Span[..read]);
            block.Advance(read);
            if (read < room.Length)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The size of the blocks of a file, so that the largest has no more of them than a blob may have.</summary>
    public static int BlockBytesFor(long mostBytes) => (int)Math.Max(UsualBlockBytes, (mostBytes + MaxBlocks - 1) / MaxBlocks);

    /// <summary>Stages one block.</summary>
    public async Task StageBlockAsync(BlobLocation blob, string id, ReadOnlySequence<byte> block, CancellationToken ct)
    {
        await using var content = new SequenceStream(block);
        await Client(blob).StageBlockAsync(id, content, cancellationToken: ct);
    }

    /// <summary>Commits staged blocks as the blob's content.</summary>
    public Task CommitAsync(BlobLocation blob, IEnumerable<string> blockIds, CancellationToken ct) =>
        CommitAsync(blob, blockIds, conditions: null, ct);

    /// <summary>Commits blocks where nothing has been committed yet.</summary>
    /// <returns>How many bytes stand there instead, where something was; null where it was not.</returns>
    public async Task<long?> CommitFirstAsync(BlobLocation blob, IEnumerable<string> blockIds, CancellationToken ct)
    {
        try
        {
            await CommitAsync(blob, blockIds, new BlobRequestConditions { IfNoneMatch = ETag.All }, ct);
            return null;
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412)
        {
            return (await Client(blob).GetPropertiesAsync(cancellationToken: ct)).Value.ContentLength;
        }
    }

    /// <summary>
    /// All blocks of the blob, staged or committed, by name with their sizes in bytes; none if there is no such blob.
    /// </summary>
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

    /// <summary>
    /// Opens a range of the blob for reading. The read continues after a broken connection. Null if the blob is gone.
    /// </summary>
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

    /// <summary>
    /// Removes a blob that may have staged blocks alone. Storage says of such a blob that it does not exist, deletes
    /// nothing, and keeps the blocks for a week; the commit of an empty list drops them. A crash in between leaves an empty
    /// blob, so the caller has an <c>expiring</c> entry for it.
    /// </summary>
    public async Task DiscardAsync(BlobLocation blob, CancellationToken ct)
    {
        await CommitAsync(blob, [], ct);
        await Client(blob).DeleteIfExistsAsync(cancellationToken: ct);
    }

    private async Task CommitAsync(BlobLocation blob, IEnumerable<string> blockIds, BlobRequestConditions? conditions, CancellationToken ct) =>
        await Client(blob).CommitBlockListAsync(
            blockIds,
            new CommitBlockListOptions
            {
                HttpHeaders = new BlobHttpHeaders { ContentType = "application/octet-stream" },
                Conditions = conditions,
            },
            ct);

    /// <summary>
    /// Deletes a file's blob, or the blobs whose names begin with it where it is a result file, so many that it takes no long time;
    /// what is already gone is not an error.
    /// </summary>
    /// <returns>Whether all of them are gone.</returns>
    public async Task<bool> TryDeleteAsync(BlobLocation blob, CancellationToken ct)
    {
        if (blob.Container != ContainerNames.Batches)
        {
            await Client(blob).DeleteIfExistsAsync(cancellationToken: ct);
            return true;
        }

        var most = options.Value.BlobsDeletedInOneGo;
        var deleted = 0;
        var atOnce = new ParallelOptions { MaxDegreeOfParallelism = DeletedAtOnce, CancellationToken = ct };
        var parts = _blobs.GetBlobContainerClient(blob.Container)
            .GetBlobsAsync(BlobTraits.None, BlobStates.Uncommitted, blob.Name, ct)
            .Take(most);
        await Parallel.ForEachAsync(parts, atOnce, async (part, token) =>
        {
            await RemoveAsync(blob with { Name = part.Name }, token);
            Interlocked.Increment(ref deleted);
        });
        return deleted < most;
    }

    /// <summary>Removes a single blob, or blocks that were staged for it; there may be neither.</summary>
    public async Task RemoveAsync(BlobLocation blob, CancellationToken ct)
    {
        if (!await Client(blob).DeleteIfExistsAsync(cancellationToken: ct))
        {
            await DiscardAsync(blob, ct);
        }
    }

    /// <summary>
    /// A block's name: its owner and its number. All names in a blob have one length, as storage requires.
    /// </summary>
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
