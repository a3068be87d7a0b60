using System.Text;
using BatchFunctions.Failures;

namespace BatchFunctions.Tests.Failures;

/// <summary>Lines, or their beginnings, as they are shown.</summary>
public sealed class LineTextTests
{
    [Theory]
    [InlineData("é")]
    [InlineData("€")]
    [InlineData("😀")]
    public void A_character_is_shown_whole_or_not_at_all(string character)
    {
        for (var before = LineText.MostBytes - 4; before <= LineText.MostBytes; before++)
        {
            var line = new string('x', before) + character + "y";
            var text = LineText.Of(Encoding.UTF8.GetBytes(line)).Text;
            Assert.StartsWith(text, line, StringComparison.Ordinal);
            Assert.InRange(Encoding.UTF8.GetByteCount(text), LineText.MostBytes - 3, LineText.MostBytes);
        }
    }

    [Fact]
    public void What_is_no_UTF8_is_cut_where_it_is()
    {
        var line = new byte[LineText.MostBytes + 1];
        Array.Fill(line, (byte)0x80);

        var text = LineText.Of(line);

        Assert.Equal(line.Length, text.Bytes);
        Assert.InRange(text.Text.Length, LineText.MostBytes - 3, LineText.MostBytes);
    }
}
