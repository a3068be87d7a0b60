using System.Text;
using BatchFunctions.Lines;

namespace BatchFunctions.Tests.Lines;

public sealed class LineCounterTests
{
    [Theory]
    [InlineData("")]
    [InlineData("\n\n \t\r\n")]
    [InlineData("a")]
    [InlineData("a\n")]
    [InlineData("a\r\nb\r\n\r\nc")]
    [InlineData("  \n a \n\t")]
    [InlineData("\uFEFFa\nb")]
    [InlineData("\uFEFF\na\n\n\nb\n")]
    public async Task It_counts_what_the_reader_returns_whatever_the_pieces(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        using var reader = new LineReader(new MemoryStream(bytes), 1000);
        var lines = 0;
        while (await reader.ReadAsync(CancellationToken.None))
        {
            lines++;
        }

        // A byte order mark that comes in pieces is not looked for: the first piece of a file is longer.
        foreach (var size in Enumerable.Range(3, 10))
        {
            var counter = new LineCounter();
            foreach (var piece in bytes.Chunk(size))
            {
                counter.Append(piece);
            }

            Assert.Equal(lines, counter.Lines);
        }
    }

    [Fact]
    public void Of_a_beginning_it_concludes_that_the_rest_is_as_long_a_line()
    {
        var counter = new LineCounter();
        counter.Append("0123456789\n0123456789\n01234"u8);

        Assert.Equal(3, counter.Estimate(27));
        Assert.Equal(10, counter.Estimate(110));
    }

    [Fact]
    public void A_beginning_without_an_end_of_a_line_is_one()
    {
        var counter = new LineCounter();
        counter.Append("01234"u8);

        Assert.Equal(1, counter.Estimate(1000));
    }
}
