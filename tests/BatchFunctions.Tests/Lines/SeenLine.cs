using System.Text;
using BatchFunctions.Lines;

namespace BatchFunctions.Tests.Lines;

/// <summary>What a reader said of one line.</summary>
internal sealed record SeenLine(string Text, int Number, long Offset, long End, bool TooLong)
{
    // Latin-1 keeps every byte apart, valid UTF-8 or not.
    public static async Task<List<SeenLine>> ReadAllAsync(Stream stream, int maxLineBytes = 1 << 20, long offset = 0, int number = 1)
    {
        var seen = new List<SeenLine>();
        using var reader = new LineReader(stream, maxLineBytes, offset, number);
        while (await reader.ReadAsync(CancellationToken.None))
        {
            seen.Add(new SeenLine(Encoding.Latin1.GetString(reader.Line.Span), reader.Number, reader.Offset, reader.End, reader.TooLong));
        }

        Assert.Equal(stream.Length, reader.BytesRead);
        Assert.False(await reader.ReadAsync(CancellationToken.None));
        return seen;
    }
}
