using System.Text.RegularExpressions;

namespace BatchFunctions.Configuration;

/// <summary>
/// The completion windows that batches may have: single ones and ranges, such as <c>1h,24h,2d-7d</c>. A window is a whole number of
/// minutes, hours or days: <c>90m</c>, <c>24h</c>, <c>7d</c>. OpenAI's only one is <c>24h</c>.
/// </summary>
internal sealed partial class CompletionWindows
{
    /// <summary>The window that OpenAI's clients ask for.</summary>
    public const string Usual = "24h";

    private static readonly TimeSpan Shortest = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Longest = TimeSpan.FromDays(7);

    private readonly List<(string First, string Last)> _ranges;

    private CompletionWindows(List<(string First, string Last)> ranges) => _ranges = ranges;

    /// <summary>Reads a list of windows and ranges.</summary>
    /// <returns>The windows; null where an entry is none, or is shorter than ten minutes or longer than seven days.</returns>
    public static CompletionWindows? Parse(string text)
    {
        var ranges = new List<(string First, string Last)>();
        foreach (var entry in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var ends = entry.Split('-', StringSplitOptions.TrimEntries);
            if (ends.Length > 2 || LengthOf(ends[0]) is not { } first || LengthOf(ends[^1]) is not { } last
                || first < Shortest || last > Longest || first > last)
            {
                return null;
            }

            ranges.Add((ends[0], ends[^1]));
        }

        return ranges.Count > 0 ? new CompletionWindows(ranges) : null;
    }

    /// <summary>How long a window is; null if the text is none.</summary>
    public static TimeSpan? LengthOf(string text) => Window().IsMatch(text) ? ShortLength.Parse(text) : null;

    /// <summary>Whether a batch may have a window of this length.</summary>
    public bool Include(TimeSpan length) =>
        _ranges.Exists(range => LengthOf(range.First) <= length && length <= LengthOf(range.Last));

    /// <summary>For an error message: <c>'1h', '2d' to '7d'</c>.</summary>
    public override string ToString() => string.Join(
        ", ", _ranges.Select(range => range.First == range.Last ? $"'{range.First}'" : $"'{range.First}' to '{range.Last}'"));

    [GeneratedRegex(@"^[1-9][0-9]{0,4}[mhd]\z", RegexOptions.CultureInvariant)]
    private static partial Regex Window();
}
