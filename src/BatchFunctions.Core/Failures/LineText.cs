using System.ComponentModel;
using System.Text;

namespace BatchFunctions.Failures;

/// <summary>A line as it stands in its file, or its beginning.</summary>
/// <param name="Text">Up to <see cref="MostBytes"/> of it.</param>
/// <param name="Bytes">The bytes of the whole line.</param>
internal sealed record LineText(
    [property: Description("The line as it stands in its file, up to 16 KiB of it.")] string Text,
    [property: Description("Of the whole line.")] int Bytes)
{
    /// <summary>The most bytes that are kept of a line.</summary>
    public const int MostBytes = 16 * 1024;

    /// <summary>The most bytes of a character that follow its first. What has more of them is no UTF-8, and is cut where it is.</summary>
    private const int MostContinuation = 3;

    /// <summary>Keeps a line.</summary>
    public static LineText Of(ReadOnlySpan<byte> line)
    {
        var end = Math.Min(line.Length, MostBytes);
        while (end > MostBytes - MostContinuation && end < line.Length && (line[end] & 0xC0) == 0x80)
        {
            end--;
        }

        return new LineText(Encoding.UTF8.GetString(line[..end]), line.Length);
    }
}
