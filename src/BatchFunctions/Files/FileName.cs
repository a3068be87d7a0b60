using System.Text;
using Microsoft.Net.Http.Headers;

namespace BatchFunctions.Files;

/// <summary>The name of an uploaded file, shown to people and offered to browsers, but never used as a path.</summary>
internal static class FileName
{
    public const int MaxLength = 255;

    /// <summary>What the name of a file ends with that is taken as what it holds.</summary>
    private const string Packed = ".jsonl.gz";

    /// <summary>Whether a file is compressed lines, by its name.</summary>
    public static bool IsPacked(string name) => name.EndsWith(Packed, StringComparison.OrdinalIgnoreCase);

    /// <summary>The name of what such a file holds.</summary>
    public static string Unpacked(string name) => IsPacked(name) ? name[..^".gz".Length] : name;

    /// <summary>
    /// The extended name (<c>filename*</c>) if there is one, else the plain one; null if there is neither.
    /// </summary>
    public static string? Of(ContentDispositionHeaderValue disposition)
    {
        if (disposition.FileNameStar is { HasValue: true, Length: > 0 } extended)
        {
            return Clean(extended.ToString());
        }

        return HeaderUtilities.RemoveQuotes(disposition.FileName) is { HasValue: true } plain
            ? Clean(Unquoted(plain.ToString()))
            : null;
    }

    /// <summary>A quotation mark is escaped, or written as %22, as browsers and the official clients do.</summary>
    private static string Unquoted(string name) =>
        name.Replace("\\\"", "\"", StringComparison.Ordinal).Replace("%22", "\"", StringComparison.Ordinal);

    /// <summary>
    /// The last segment of a path, without control characters and cut to <see cref="MaxLength"/>; null if nothing is
    /// left.
    /// </summary>
    public static string? Clean(string name)
    {
        var last = name[(name.LastIndexOfAny(['/', '\\']) + 1)..];
        var clean = new StringBuilder(last.Length);
        foreach (var rune in last.EnumerateRunes())
        {
            if (!Rune.IsControl(rune) && clean.Length + rune.Utf16SequenceLength <= MaxLength)
            {
                clean.Append(rune.ToString());
            }
        }

        var text = clean.ToString().Trim();
        return text is "" or "." or ".." ? null : text;
    }
}
