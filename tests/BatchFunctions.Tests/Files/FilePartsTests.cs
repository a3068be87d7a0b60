using System.Text;
using Azure.Data.Tables;
using BatchFunctions.Configuration;
using BatchFunctions.Files;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;
using CsCheck;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Tests.Files;

/// <summary>Parts of a file in segments, some of which may be in pages, against the same taken from its whole text.</summary>
public sealed class FilePartsTests
{
    private static readonly Gen<string[]> Segments =
        Gen.Int[0, 5].Array[1, 4].Select(lengths => string.Concat(lengths.Select(length => new string('x', length) + "\n"))).Array[0, 6];

    /// <summary>Segments of a page: with 100 there is none.</summary>
    private static readonly Gen<int> PageSizes = Gen.Int[0, 3].Select(i => new[] { 1, 2, 3, 100 }[i]);

    [Fact]
    public Task A_range_of_bytes_is_what_the_whole_file_has_there() =>
        Gen.Select(Segments, Gen.Int[0, 200], Gen.Int[0, 200], PageSizes).SampleAsync(async (segments, from, length, size) =>
        {
            var whole = string.Concat(segments);
            from = Math.Min(from, whole.Length);
            length = Math.Min(length, whole.Length - from);
            var list = new KeptPages(size);

            Assert.Equal(whole.Substring(from, length), await ReadAsync(segments, list.Parts.OfBytesAsync(await list.FileOfAsync(segments), from, length, default)));
        });

    [Fact]
    public Task Some_lines_are_those_of_the_whole_file() =>
        Gen.Select(Segments, Gen.Long[0, 30], Gen.Long[1, 30], Gen.Int[1, 9], PageSizes).SampleAsync(async (segments, skipped, most, piece, size) =>
        {
            var slice = new LineSlice(skipped, most);
            var lines = string.Concat(segments).Split('\n')[..^1];
            var list = new KeptPages(size);
            var (parts, before) = await list.Parts.OfLinesAsync(await list.FileOfAsync(segments), slice, default);
            var read = new StringBuilder();
            await foreach (var bytes in slice.CutAsync(PiecesOf(await ReadAsync(segments, parts), piece), before, CancellationToken.None))
            {
                read.Append(Encoding.UTF8.GetString(bytes.Span));
            }

            Assert.Equal(string.Concat(lines.Skip((int)skipped).Take((int)most).Select(line => line + "\n")), read.ToString());
            Assert.Equal(Math.Min(lines.Length, Math.Max(skipped + most, 0)), Math.Min(slice.LastOf(lines.Length), skipped + most));
        });

    [Fact]
    public async Task No_part_and_no_page_is_read_of_which_nothing_is_asked_for()
    {
        string[] segments = ["a\nb\n", "c\n", "d\n", "e\n", "f\n"];
        var list = new KeptPages(2);
        var file = await list.FileOfAsync(segments);
        Assert.Equal((2, 5, 6L), (file.Pages.Count, file.SegmentCount, file.SegmentLines!.Value));

        Assert.Single(await (await list.Parts.OfLinesAsync(file, new LineSlice(3, 1), default)).Parts.ToListAsync());
        Assert.Single(await list.Parts.OfBytesAsync(file, 6, 2, default).ToListAsync());
        Assert.Equal(["b/output/list-00000002-000002", "b/output/list-00000002-000002"], list.Read);
        Assert.Single(await list.Parts.OfBytesAsync(file, 10, 2, default).ToListAsync());
        Assert.Equal(2, list.Read.Count);
    }

    [Fact]
    public async Task A_page_that_is_gone_is_said()
    {
        var list = new KeptPages(1);
        var file = await list.FileOfAsync(["a\n", "b\n"]);
        list.Kept.Clear();

        await Assert.ThrowsAsync<FileNotFoundException>(async () => await list.Parts.OfBytesAsync(file, 0, 4, default).ToListAsync());
    }

    [Fact]
    public void Segments_outlive_their_columns() =>
        Gen.Select(Gen.Int[0, 999_999], Gen.Int[1, 999_999], Gen.Int[0, 1000], Gen.Long[0, long.MaxValue / 2], Gen.Int[0, 1000])
            .Select((chunk, epoch, part, bytes, lines) => new FileSegment(chunk, epoch, part, bytes, lines))
            .Array[1, 3000].Sample(
                segments =>
                {
                    var row = new TableEntity("p", "r");
                    FileSegmentColumns.Write(row, Empty with { Segments = segments });
                    Assert.Equal(segments, FileSegmentColumns.Read(row, Empty).Segments!);
                },
                iter: 30);

    [Fact]
    public async Task Pages_and_what_they_have_of_each_chunk_outlive_their_columns()
    {
        var file = await new KeptPages(2).FileOfAsync(["a\n", "b\n", "c\n", "d\n", "e\n"]);
        var row = new TableEntity("p", "r");
        FileSegmentColumns.Write(row, file);
        var read = FileSegmentColumns.Read(row, Empty);

        Assert.Equal(file.Pages, read.Pages);
        Assert.Equal(file.Segments!, read.Segments!);
        Assert.Equal(file.Paged.Counts, read.Paged.Counts);
        Assert.Empty(read.Missing([.. Enumerable.Range(0, 5).Select(chunk => new FileSegment(chunk, 1, 0, 2, 1))]));
    }

    /// <summary>Whoever publishes, in whatever order and however late: each segment is in the list once, and each chunk's in their order.</summary>
    [Fact]
    public Task Each_segment_is_published_once_however_many_are_in_pages() =>
        Gen.Select(Gen.Int[0, 4].Array[1, 6].Array[1, 12], PageSizes).SampleAsync(async (commits, size) =>
        {
            var list = new KeptPages(size);
            var file = Empty;
            var all = new List<FileSegment>[commits.Max(commit => commit.Length)];
            var published = new List<FileSegment>();
            var before = new List<(int Settled, FileSegment[] Segments)>();
            for (var time = 0; time < commits.Length; time++)
            {
                // Chunk by chunk some segments are committed; those before the first that has got any this time are settled.
                for (var chunk = 0; chunk < commits[time].Length; chunk++)
                {
                    all[chunk] ??= [];
                    all[chunk].AddRange(Enumerable.Range(all[chunk].Count, commits[time][chunk]).Select(part => new FileSegment(chunk, 1, part, 1, 1)));
                }

                before.Add((0, [.. all.SelectMany(segments => segments ?? [])]));
                foreach (var (settled, segments) in new[] { before[^1], before[before.Count / 2] })
                {
                    var missing = file.Missing(segments);
                    published.AddRange(missing);
                    file = (await list.List.SpillAsync(file, settled, default)).With(missing);
                }
            }

            Assert.Equal(published, await list.List.AllAsync(file, default).ToListAsync());
            Assert.Equal(before[^1].Segments, published.OrderBy(segment => segment.Chunk));
        });

    [Fact]
    public void Chunks_that_are_settled_need_no_number()
    {
        FileSegment[] page = [new(0, 1, 0, 1, 1), new(1, 1, 0, 1, 1), new(7, 1, 0, 1, 1), new(7, 1, 1, 1, 1)];
        var paged = PagedChunks.FromBytes(PagedChunks.None.With(page, settled: 2).ToBytes());

        Assert.Equal((2, 1), (paged.Before, paged.Counts.Count));
        Assert.Equal([new FileSegment(5, 1, 0, 1, 1), new(7, 1, 2, 1, 1)], paged.Without([.. page, new(5, 1, 0, 1, 1), new(7, 1, 2, 1, 1)]));

        // A late publisher knows of fewer chunks that are settled.
        Assert.Equal(2, paged.With([new(5, 1, 0, 1, 1)], settled: 1).Before);
        Assert.Empty(paged.With([], settled: 8).Counts);
    }

    private static StoredFile Empty => new()
    {
        Tenant = "local",
        Id = "file-1",
        Filename = "f",
        Purpose = "batch_output",
        Bytes = 0,
        CreatedAt = default,
        Blob = new BlobLocation("batches", "b/output"),
    };

    private static async Task<string> ReadAsync(string[] segments, IAsyncEnumerable<BlobPart> parts) => string.Concat((await parts.ToListAsync()).Select(part =>
        segments[int.Parse(part.Blob.Name.AsSpan("b/output/".Length, 6), System.Globalization.CultureInfo.InvariantCulture)]
            .Substring((int)part.Offset, (int)part.Length)));

    /// <summary>Pages that are kept here.</summary>
    private sealed class KeptPages : SegmentPageBlobs
    {
        public KeptPages(int size)
            : base(null!)
        {
            List = new SegmentList(this, new ProtocolSteps(), Options.Create(new BatchOptions { SegmentsOfPage = size }));
            Parts = new FileParts(List);
        }

        public SegmentList List { get; }

        public FileParts Parts { get; }

        public Dictionary<string, byte[]> Kept { get; } = [];

        public List<string> Read { get; } = [];

        /// <summary>A file of these segments, published one by one.</summary>
        public async Task<StoredFile> FileOfAsync(string[] segments)
        {
            var file = Empty;
            for (var i = 0; i < segments.Length; i++)
            {
                file = (await List.SpillAsync(file, settled: 0, default)).With([new FileSegment(i, 1, 0, segments[i].Length, segments[i].Count(c => c == '\n'))]);
            }

            return segments.Length > 0 ? file : file.With([]);
        }

        public override Task StoreAsync(BlobLocation blob, byte[] content, CancellationToken ct)
        {
            Kept.Add(blob.Name, content);
            return Task.CompletedTask;
        }

        public override Task<byte[]?> ReadAsync(BlobLocation blob, CancellationToken ct)
        {
            Read.Add(blob.Name);
            return Task.FromResult(Kept.GetValueOrDefault(blob.Name));
        }
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> PiecesOf(string text, int size)
    {
        await Task.CompletedTask;
        foreach (var piece in Encoding.UTF8.GetBytes(text).Chunk(size))
        {
            yield return piece;
        }
    }
}
