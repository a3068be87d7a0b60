using BatchFunctions.Chunks;
using BatchFunctions.Memory;

namespace BatchFunctions.Processing;

/// <summary>
/// One file's part of a segment, as blocks of bounded size. Their names are given once, and what is staged stays staged: a
/// checkpoint that fails on the way goes on where it was.
/// </summary>
internal sealed class SegmentBlocks
{
    /// <summary>The most blocks that a blob may have (Azure Storage, Put Block List).</summary>
    private const int MostOfBlob = 50_000;

    /// <summary>The most blocks of one file that a chunk's row can name: eight bytes each, in a property of 64 KiB.</summary>
    private const int MostOfRow = 8000;

    private readonly ByteBlocks _content;
    private readonly long _blockBytes;
    private int _staged;

    /// <summary>Cuts a file's part of a segment into blocks.</summary>
    /// <param name="content">What is staged; it must not change any more.</param>
    /// <param name="blockBytes">A block's size, unless that would make too many of them.</param>
    /// <param name="most">How many blocks it may make.</param>
    /// <param name="name">Names a block.</param>
    public SegmentBlocks(ByteBlocks content, long blockBytes, int most, Func<BlockRef> name)
    {
        _content = content;
        _blockBytes = Math.Max(blockBytes, (content.Count + most - 1) / most);
        Named = [.. Enumerable.Range(0, (int)((content.Count + _blockBytes - 1) / _blockBytes)).Select(_ => name())];
    }

    /// <summary>The blocks, in order.</summary>
    public IReadOnlyList<BlockRef> Named { get; }

    /// <summary>The next block that is not staged, and its size in bytes; null when all are.</summary>
    public (BlockRef Block, long Bytes)? Next =>
        _staged == Named.Count ? null : (Named[_staged], Math.Min(_blockBytes, _content.Count - (_staged * _blockBytes)));

    /// <summary>
    /// How many blocks of one file a chunk may add, so that neither its row nor the batch's blob has more than it can: each line
    /// that is left may need one later.
    /// </summary>
    /// <param name="chunk">The chunk before the segment.</param>
    /// <param name="linesAfter">How many of its lines are left after the segment.</param>
    /// <param name="batchLines">The lines of the batch, 50,000 at most.</param>
    /// <param name="used">The blocks of the file that the chunk has.</param>
    public static int Allowed(Chunk chunk, int linesAfter, int batchLines, int used)
    {
        var share = (int)Math.Min(MostOfRow, (long)MostOfBlob * chunk.Lines / Math.Max(batchLines, chunk.Lines));
        return Math.Max(1, share - used - linesAfter);
    }

    /// <summary>Stages the <see cref="Next"/> block.</summary>
    /// <param name="stage">Sends it to storage. Where this throws the block is still the next.</param>
    public async Task StageNextAsync(Func<BlockRef, Stream, Task> stage)
    {
        var (block, bytes) = Next!.Value;
        await using var piece = new SequenceStream(_content.Sequence.Slice(_staged * _blockBytes, bytes));
        await stage(block, piece);
        _staged++;
    }
}
