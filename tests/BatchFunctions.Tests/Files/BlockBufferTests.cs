using BatchFunctions.Files;
using Microsoft.Net.Http.Headers;

namespace BatchFunctions.Tests.Files;

public sealed class BlockBufferTests
{
    private const int Block = 4 * 1024 * 1024;

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(64 * 1024, false)]
    [InlineData((64 * 1024) + 1, false)]
    [InlineData(Block - 1, false)]
    [InlineData(Block, true)]
    [InlineData(Block + 1, true)]
    public async Task What_comes_is_held_byte_for_byte_up_to_the_block(int sent, bool isFull)
    {
        var content = new byte[sent];
        Random.Shared.NextBytes(content);
        using var block = new BlockBuffer(Block);

        Assert.Equal(isFull, await block.FillAsync(PartOf(new MemoryStream(content)), default));

        Assert.Equal(Math.Min(sent, Block), block.Length);
        Assert.True(block.Bytes.SequenceEqual(content.AsSpan(0, block.Length)));
    }

    [Fact]
    public async Task Two_hundred_that_stall_hold_little()
    {
        var before = GC.GetTotalAllocatedBytes(precise: true);
        var blocks = Enumerable.Range(0, 200).Select(_ => new BlockBuffer(Block)).ToList();
        foreach (var block in blocks)
        {
            await block.FillAsync(PartOf(new MemoryStream(new byte[1000])), default);
        }

        var allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
        blocks.ForEach(block => block.Dispose());
        Assert.True(allocated < 20_000_000, $"{allocated} bytes were allocated.");
    }

    private static FormPart PartOf(Stream content) =>
        new("file", new ContentDispositionHeaderValue("form-data"), content, 0);
}
