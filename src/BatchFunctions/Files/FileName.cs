using System.Text;
using Microsoft.Net.Http.Headers;

namespace BatchFunctions.Files;

/// <summary>The name of an uploaded file: shown to people and offered to browsers, never used as a path.</summary>
internal static class FileName
{
    public const int MaxLength = 255;

    /// <summary>The extended name (<c>filename*</c>) before the plain one; null when there is none.</summary>
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

    /// <summary>A quotation mark comes escaped, or, as browsers' forms and those of official clients have it, as %22.</summary>
    private static string Unquoted(string name) =>
        name.Replace("\\\"", "\"", StringComparison.Ordinal).Replace("%22", "\"", StringComparison.Ordinal);

    /// <summary>The last part of a path, without control characters, cut to its length; null when nothing is left.</summary>
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
