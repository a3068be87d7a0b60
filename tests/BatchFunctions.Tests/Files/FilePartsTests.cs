using System.Text;
using BatchFunctions.Files;
using BatchFunctions.Storage;
using CsCheck;

namespace BatchFunctions.Tests.Files;

/// <summary>Parts of a file in segments, against the same taken from its whole text.</summary>
public sealed class FilePartsTests
{
    private static readonly Gen<string[]> Segments =
        Gen.Int[0, 5].Array[1, 4].Select(lengths => string.Concat(lengths.Select(length => new string('x', length) + "\n"))).Array[0, 6];

    [Fact]
    public void A_range_of_bytes_is_what_the_whole_file_has_there() =>
        Gen.Select(Segments, Gen.Int[0, 200], Gen.Int[0, 200]).Sample((segments, from, length) =>
        {
            var whole = string.Concat(segments);
            from = Math.Min(from, whole.Length);
            length = Math.Min(length, whole.Length - from);

            Assert.Equal(whole.Substring(from, length), Read(segments, FileParts.OfBytes(FileOf(segments), from, length)));
        });

    [Fact]
    public Task Some_lines_are_those_of_the_whole_file() =>
        Gen.Select(Segments, Gen.Long[0, 30], Gen.Long[1, 30], Gen.Int[1, 9]).SampleAsync(async (segments, skipped, most, piece) =>
        {
            var slice = new LineSlice(skipped, most);
            var lines = string.Concat(segments).Split('\n')[..^1];
            var (parts, before) = FileParts.OfLines(FileOf(segments), slice);
            var read = new StringBuilder();
            await foreach (var bytes in slice.CutAsync(PiecesOf(Read(segments, parts), piece), before, CancellationToken.None))
            {
                read.Append(Encoding.UTF8.GetString(bytes.Span));
            }

            Assert.Equal(string.Concat(lines.Skip((int)skipped).Take((int)most).Select(line => line + "\n")), read.ToString());
            Assert.Equal(Math.Min(lines.Length, Math.Max(skipped + most, 0)), Math.Min(slice.LastOf(lines.Length), skipped + most));
        });

    [Fact]
    public void No_part_is_read_of_which_nothing_is_asked_for()
    {
        string[] segments = ["a\nb\n", "c\n", "d\n"];
        Assert.Single(FileParts.OfLines(FileOf(segments), new LineSlice(2, 1)).Parts);
        Assert.Single(FileParts.OfBytes(FileOf(segments), 4, 2));
    }

    [Fact]
    public void Segments_outlive_their_columns() =>
        Gen.Select(Gen.Int[0, 999_999], Gen.Int[1, 999_999], Gen.Int[0, 1000], Gen.Long[0, long.MaxValue / 2], Gen.Int[0, 1000])
            .Select((chunk, epoch, part, bytes, lines) => new FileSegment(chunk, epoch, part, bytes, lines))
            .Array[1, 3000].Sample(
                segments =>
                {
                    var row = new Azure.Data.Tables.TableEntity("p", "r");
                    FileSegmentColumns.Write(row, segments);
                    Assert.Equal(segments, FileSegmentColumns.Read(row)!);
                },
                iter: 30);

    private static StoredFile FileOf(string[] segments) => new StoredFile
    {
        Tenant = "local",
        Id = "file-1",
        Filename = "f",
        Purpose = "batch_output",
        Bytes = 0,
        CreatedAt = default,
        Blob = new BlobLocation("batches", "b/output"),
    }.With([.. segments.Select((text, i) => new FileSegment(i, 1, 0, text.Length, text.Count(c => c == '\n')))]);

    private static string Read(string[] segments, IReadOnlyList<BlobPart> parts) => string.Concat(parts.Select(part =>
        segments[int.Parse(part.Blob.Name.AsSpan("b/output/".Length, 6), System.Globalization.CultureInfo.InvariantCulture)]
            .Substring((int)part.Offset, (int)part.Length)));

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> PiecesOf(string text, int size)
    {
        await Task.CompletedTask;
        foreach (var piece in Encoding.UTF8.GetBytes(text).Chunk(size))
        {
            yield return piece;
        }
    }
}
