using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Ids;
using BatchFunctions.Storage;

namespace BatchFunctions.Tests.Processing;

public sealed class ChunkCutterTests
{
    private const int LineBytes = 200;

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(100, 1, 100)]
    [InlineData(101, 2, 100)]
    [InlineData(12_800, 128, 100)]
    [InlineData(12_801, 65, 200)]
    [InlineData(50_000, 125, 400)]
    public void Chunks_of_a_large_batch_are_longer_and_not_more(int lines, int count, int longest)
    {
        var chunks = Cut(BatchOf(), lines);
        Assert.Equal(count, chunks.Count);
        Assert.Equal(longest, chunks.Max(chunk => chunk.Lines));
        AssertWhole(chunks, lines);
    }

    [Fact]
    public void A_chunk_has_a_thousand_lines_at_most()
    {
        var chunks = Cut(BatchOf(target: 1), 50_000);
        Assert.Equal(50, chunks.Count);
        AssertWhole(chunks, 50_000);
        Assert.Equal(100, Cut(BatchOf(lines: 501, target: 1), 50_000).Count);
    }

    [Fact]
    public void Chunks_are_not_joined_beyond_their_bytes()
    {
        var chunks = Cut(BatchOf(bytes: 50_000, target: 10), 10_000);
        Assert.Equal(50, chunks.Count);
        Assert.All(chunks, chunk => Assert.True(chunk.Length <= 50_000));
        AssertWhole(chunks, 10_000);
    }

    [Fact]
    public void A_line_that_is_longer_than_a_chunk_is_one_of_its_own()
    {
        var cutter = new ChunkCutter(BatchOf(bytes: 1000));
        cutter.Add(0, 100);
        cutter.Add(100, 5000);
        cutter.Add(5000, 5100);
        Assert.Equal([1, 1, 1], cutter.End().Select(chunk => chunk.Lines));
    }

    [Fact]
    public void A_batch_whose_row_an_older_version_wrote_is_cut_as_that_version_would()
    {
        var row = BatchRow.ToRow(BatchOf());
        row.Remove("ChunkTarget");
        Assert.Equal(500, Cut(BatchRow.FromRow(row), 50_000).Count);
    }

    [Fact]
    public void Blank_lines_between_belong_to_the_chunk_that_goes_over_them()
    {
        var cutter = new ChunkCutter(BatchOf(lines: 1, target: 1));
        cutter.Add(3, 10);
        cutter.Add(20, 30);
        var chunk = Assert.Single(cutter.End());
        Assert.Equal((3, 27, 2), (chunk.Offset, chunk.Length, chunk.Lines));
    }

    private static void AssertWhole(IReadOnlyList<Chunk> chunks, int lines)
    {
        var (offset, before) = (0L, 0);
        for (var number = 0; number < chunks.Count; number++)
        {
            var chunk = chunks[number];
            Assert.Equal((number, offset, before), (chunk.Number, chunk.Offset, chunk.LinesBefore));
            Assert.Equal(chunk.Lines * LineBytes, chunk.Length);
            offset += chunk.Length;
            before += chunk.Lines;
        }

        Assert.Equal(lines, before);
    }

    private static IReadOnlyList<Chunk> Cut(Batch batch, int lines)
    {
        var cutter = new ChunkCutter(batch);
        for (var line = 0L; line < lines; line++)
        {
            cutter.Add(line * LineBytes, (line + 1) * LineBytes);
        }

        Assert.Equal(lines, cutter.Lines);
        return cutter.End();
    }

    private static Batch BatchOf(int lines = 100, int bytes = 8 * 1024 * 1024, int target = 128)
    {
        var now = DateTimeOffset.UnixEpoch.AddYears(56);
        return new Batch(BatchStatus.Validating)
        {
            Tenant = "local",
            Id = IdKind.Batch.New(now),
            Endpoint = "/v1/embeddings",
            InputFileId = IdKind.File.New(now),
            InputBlob = new BlobLocation("files", "local/file"),
            CompletionWindow = "24h",
            CreatedAt = now,
            ExpiresAt = now.AddDays(1),
            ChunkLines = lines,
            ChunkBytes = bytes,
            ChunkTarget = target,
        };
    }
}
