using System.Globalization;

namespace BatchFunctions.Checks;

/// <summary>A place between two lines of an input, at which a check goes on. Clients hand it back as it is.</summary>
/// <param name="Number">The number of the last line before it, 1-based, as errors have it.</param>
/// <param name="Lines">The lines before it, blank ones left out.</param>
/// <param name="Offset">The bytes before it.</param>
internal readonly record struct CheckPlace(int Number, int Lines, long Offset)
{
    private const char Separator = '-';

    /// <summary>Reads a place; null where it is none.</summary>
    /// <param name="text">The text of a place.</param>
    /// <param name="bytes">The bytes of the file.</param>
    public static CheckPlace? Parse(string text, long bytes) =>
        text.Split(Separator) is [var number, var lines, var offset]
        && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var lineNumber)
        && int.TryParse(lines, NumberStyles.None, CultureInfo.InvariantCulture, out var lineCount)
        && long.TryParse(offset, NumberStyles.None, CultureInfo.InvariantCulture, out var byteOffset)
        && lineCount <= lineNumber && lineNumber <= byteOffset && byteOffset <= bytes
            ? new CheckPlace(lineNumber, lineCount, byteOffset)
            : null;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Number}{Separator}{Lines}{Separator}{Offset}");
}
