using System.Text;
using BatchFunctions.Lines;
using CsCheck;

namespace BatchFunctions.Tests.Lines;

public sealed class LineReaderTests
{
    private static readonly byte[] Mark = [0xEF, 0xBB, 0xBF];

    [Fact]
    public async Task Lines_end_with_LF_or_CRLF_and_the_last_needs_no_ending()
    {
        var lines = await ReadAsync("one\ntwo\r\nthree");

        Assert.Equal(
            [new("one", 1, 0, 4, false), new("two", 2, 4, 9, false), new("three", 3, 9, 14, false)],
            lines);
    }

    [Fact]
    public async Task A_CR_that_no_LF_follows_belongs_to_the_line() =>
        Assert.Equal(["a\rb", "c\r"], (await ReadAsync("a\rb\nc\r")).Select(line => line.Text));

    [Fact]
    public async Task Blank_lines_are_passed_over_and_counted()
    {
        var lines = await ReadAsync("\n \t\r\nx\n\r\n  \ny\n \t");

        Assert.Equal([new("x", 3, 5, 7, false), new("y", 6, 12, 14, false)], lines);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("\r\n \t\n")]
    [InlineData("   ")]
    public async Task A_file_of_nothing_but_blanks_has_no_line(string file) => Assert.Empty(await ReadAsync(file));

    [Fact]
    public async Task A_byte_order_mark_at_the_files_start_is_skipped()
    {
        var lines = await SeenLine.ReadAllAsync(new Pieces([.. Mark, .. "x\ny"u8], 1));

        Assert.Equal([new("x", 1, 3, 5, false), new("y", 2, 5, 6, false)], lines);
    }

    [Fact]
    public async Task A_byte_order_mark_alone_is_no_line() =>
        Assert.Empty(await SeenLine.ReadAllAsync(new Pieces(Mark, 2)));

    [Fact]
    public async Task Half_a_byte_order_mark_is_a_line() =>
        Assert.Equal("\u00EF\u00BB", Assert.Single(await SeenLine.ReadAllAsync(new Pieces(Mark[..2]))).Text);

    [Fact]
    public async Task A_byte_order_mark_is_content_where_the_stream_starts_within_the_file()
    {
        var lines = await SeenLine.ReadAllAsync(new Pieces([.. Mark, .. "x\n"u8]), offset: 100, number: 7);

        Assert.Equal([new("\u00EF\u00BB\u00BFx", 7, 100, 105, false)], lines);
    }

    [Theory]
    [InlineData("12345\nab\n")]
    [InlineData("12345\r\nab\r\n")]
    [InlineData("12345\r\nab")]
    public async Task A_line_of_exactly_the_limit_is_read(string file)
    {
        foreach (var piece in Enumerable.Range(1, file.Length))
        {
            var lines = await SeenLine.ReadAllAsync(new Pieces(Encoding.UTF8.GetBytes(file), piece), maxLineBytes: 5);
            Assert.Equal(["12345", "ab"], lines.Select(line => line.Text));
        }
    }

    [Theory]
    [InlineData("123456\nab\n", 7)]
    [InlineData("123456\r\nab", 8)]
    [InlineData("1234567890123\nab", 14)]
    public async Task A_longer_line_is_named_and_passed_over(string file, int end)
    {
        foreach (var piece in Enumerable.Range(1, file.Length))
        {
            var lines = await SeenLine.ReadAllAsync(new Pieces(Encoding.UTF8.GetBytes(file), piece), maxLineBytes: 5);
            Assert.Equal(new SeenLine("", 1, 0, end, true), lines[0]);
            Assert.Equal(new SeenLine("ab", 2, end, end + 2, false), lines[1] with { End = end + 2 });
        }
    }

    [Fact]
    public async Task A_longer_line_at_the_end_of_the_file_is_named()
    {
        foreach (var piece in Enumerable.Range(1, 8))
        {
            var lines = await SeenLine.ReadAllAsync(new Pieces([.. "a\n1234567"u8], piece), maxLineBytes: 5);
            Assert.Equal(new SeenLine("", 2, 2, 9, true), lines[1]);
        }
    }

    [Fact]
    public async Task A_line_far_beyond_the_limit_takes_no_more_room_than_the_limit()
    {
        using var endless = new SameByte('x', 64L * 1024 * 1024);
        using var reader = new LineReader(endless, maxLineBytes: 1000);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.True(await reader.ReadAsync(CancellationToken.None));

        Assert.True(reader.TooLong);
        Assert.True(reader.Line.IsEmpty);
        Assert.Equal(64L * 1024 * 1024, reader.End);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1024 * 1024);
    }

    [Fact]
    public async Task A_blank_line_beyond_the_limit_is_blank_all_the_same()
    {
        using var blanks = new SameByte(' ', 300_000);
        Assert.Empty(await SeenLine.ReadAllAsync(blanks, maxLineBytes: 5));
    }

    [Fact]
    public async Task A_line_larger_than_the_buffer_is_read_whole()
    {
        string large = new('x', 1_000_000);
        var lines = await ReadAsync($"a\n{large}\nb");
        Assert.Equal(["a", large, "b"], lines.Select(line => line.Text));
    }

    [Fact]
    public async Task A_read_that_is_cancelled_throws()
    {
        using var reader = new LineReader(new Pieces([.. "x\n"u8]), 10);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await reader.ReadAsync(new CancellationToken(canceled: true)));
    }

    [Fact]
    public void Any_file_in_any_pieces_reads_as_the_simple_model_says() =>
        Gen.Select(Files, Gen.Int[1, 9].Array[1, 5], Gen.Int[1, 12]).Sample(
            (file, pieces, max) =>
            {
                var lines = SeenLine.ReadAllAsync(new Pieces(file, pieces), max).GetAwaiter().GetResult();
                Assert.Equal(Model(file, max), lines);
            },
            iter: 5_000);

    private static Gen<byte[]> Files { get; } = Gen.Select(
        Gen.Bool,
        Gen.OneOf("\n"u8.ToArray(), "\r\n"u8.ToArray(), " "u8.ToArray(), "\t"u8.ToArray(), "\r"u8.ToArray(), "a"u8.ToArray(), "bcd"u8.ToArray(), Mark).Array[0, 30],
        (mark, parts) => (byte[])[.. mark ? Mark : [], .. parts.SelectMany(part => part)]);

    private static Task<List<SeenLine>> ReadAsync(string file) => SeenLine.ReadAllAsync(new Pieces(Encoding.Latin1.GetBytes(file)));

    // Splits on LF, holding everything: what the reader must amount to.
    private static List<SeenLine> Model(byte[] file, int max)
    {
        var lines = new List<SeenLine>();
        var start = file.AsSpan().StartsWith(Mark) ? 3 : 0;
        for (var number = 1; start < file.Length; number++)
        {
            var found = Array.IndexOf(file, (byte)'\n', start);
            var end = found < 0 ? file.Length : found;
            var next = found < 0 ? end : end + 1;
            var text = Encoding.Latin1.GetString(file, start, end - start);
            text = found >= 0 && text.EndsWith('\r') ? text[..^1] : text;
            if (text.Trim(' ', '\t', '\r').Length > 0)
            {
                var tooLong = text.Length > max;
                lines.Add(new SeenLine(tooLong ? "" : text, number, start, next, tooLong));
            }

            start = next;
        }

        return lines;
    }

    private sealed class SameByte(char value, long length) : MemoryStream
    {
        private long _given;

        public override long Length => length;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = (int)Math.Min(length - _given, buffer.Length);
            _given += count;
            buffer.Span[..count].Fill((byte)value);
            return ValueTask.FromResult(count);
        }
    }
}
