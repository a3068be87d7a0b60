using System.Buffers;
using BatchFunctions.Chunks;
using BatchFunctions.Ids;
using BatchFunctions.Memory;
using BatchFunctions.Processing;
using CsCheck;

namespace BatchFunctions.Tests.Processing;

public sealed class SegmentBlocksTests
{
    private const int BlockBytes = 300_000;

    [Fact]
    public async Task A_large_segment_goes_in_blocks_and_goes_on_where_it_failed()
    {
        using var content = new ByteBlocks();
        var bytes = new byte[(2 * BlockBytes) + 5];
        Random.Shared.NextBytes(bytes);
        content.Write(bytes);
        var parts = 0;
        var blocks = new SegmentBlocks(content, BlockBytes, most: 100, () => new BlockRef(7, parts++));
        Assert.Equal([0, 1, 2], blocks.Named.Select(block => block.Part));

        var staged = new List<(int Part, byte[] Content)>();
        for (var tries = 0; blocks.Next is not null; tries++)
        {
            var isBroken = tries == 1;
            var staging = blocks.StageNextAsync(async (block, piece) =>
            {
                if (isBroken)
                {
                    throw new IOException();
                }

                using var copy = new MemoryStream();
                piece.Position = 0;
                await piece.CopyToAsync(copy);
                staged.Add((block.Part, copy.ToArray()));
            });
            Assert.Equal(isBroken, await Record.ExceptionAsync(() => staging) is IOException);
        }

        Assert.Equal([0, 1, 2], staged.Select(block => block.Part));
        Assert.Equal(bytes, staged.SelectMany(block => block.Content));
    }

    /// <summary>Whatever a chunk's segments come to: neither the batch's blob nor the chunk's row gets more blocks than it can have.</summary>
    [Fact]
    public void No_chunk_takes_more_blocks_than_its_share() =>
        Gen.Select(Gen.Int[1, 1000], Gen.Int[1, 50], Gen.Int[1, 40].Array[1, 40]).Sample(
            (lines, times, steps) =>
            {
                var batchLines = Math.Min(50_000, lines * times);
                var chunk = new Chunk
                {
                    Batch = new BatchKey("local", "batch_1"),
                    Number = 0,
                    Offset = 0,
                    Length = 1,
                    Lines = lines,
                    LinesBefore = 0,
                };
                var (used, left) = (0, lines);
                foreach (var step in steps)
                {
                    var now = Math.Min(step, left);
                    if (now == 0)
                    {
                        break;
                    }

                    left -= now;
                    used += SegmentBlocks.Allowed(chunk, left, batchLines, used);
                    Assert.True(used <= 8000, "More than the row can name.");
                    Assert.True((long)used * batchLines <= 50_000L * lines, "More than the chunk's share of the blob.");
                }
            },
            iter: 5_000);
}
