using System.Buffers;
using BatchFunctions.Memory;
using BatchFunctions.Storage;

namespace BatchFunctions.Files;

/// <summary>
/// Stages the content of a file that the service makes itself, a block at a time. What others stage for the same blob does no harm as long as
/// their blocks have other names.
/// </summary>
/// <param name="blobs">Where it is staged.</param>
/// <param name="blob">The blob.</param>
/// <param name="owner">32 hex digits that the names of the blocks begin with.</param>
/// <param name="mostBytes">What the content comes to at most.</param>
/// <param name="memory">What a block in the making is taken from.</param>
internal sealed class BlobWriter(FileBlobs blobs, BlobLocation blob, string owner, long mostBytes, ByteBudget memory) : IDisposable
{
    private readonly int _blockBytes = FileBlobs.BlockBytesFor(mostBytes);
    private readonly List<string> _ids = [];
    private readonly ByteShare _held = memory.Open();
    private readonly ByteBlocks _block = new();

    /// <summary>The bytes so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>Adds a piece.</summary>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> piece, CancellationToken ct)
    {
        while (!piece.IsEmpty)
        {
            var taken = (int)Math.Min(piece.Length, _blockBytes - _block.Count);
            await _held.GrowAsync(_block.Count + taken + BlockPool.BlockBytes, ct);
            _block.Write(piece.Span[..taken]);
            piece = piece[taken..];
            Bytes += taken;
            if (_block.Count == _blockBytes)
            {
                await StageAsync(ct);
            }
        }
    }

    /// <summary>Stages what is left.</summary>
    /// <returns>The names of all blocks, in order.</returns>
    public async Task<StagedBlocks> CompleteAsync(CancellationToken ct)
    {
        if (_block.Count > 0)
        {
            await StageAsync(ct);
        }

        return new StagedBlocks(_ids, Bytes);
    }

    public void Dispose()
    {
        _block.Dispose();
        _held.Dispose();
    }

    private async Task StageAsync(CancellationToken ct)
    {
        _ids.Add(FileBlobs.BlockId(owner, _ids.Count));
        await blobs.StageBlockAsync(blob, _ids[^1], _block.Sequence, ct);
        _block.Truncate(0);
    }
}
