using System.Text.Json;

namespace BatchFunctions.Lines;

/// <summary>
/// How the JSON of a line is read. All readers share these settings, so that none refuses what another has accepted.
/// </summary>
internal static class LineJson
{
    /// <summary>The deepest nesting of objects and arrays, the line's own object included.</summary>
    public const int MaxDepth = 256;

    /// <summary>
    /// Allows one level more than <see cref="MaxDepth"/>, so that callers can tell excessive depth from bad syntax.
    /// </summary>
    public static JsonReaderOptions ReaderOptions { get; } = new() { MaxDepth = MaxDepth + 1 };

    /// <summary>Whether the reader is at the start of an object or array that is nested too deeply.</summary>
    public static bool IsTooDeep(in Utf8JsonReader reader) => reader.CurrentDepth >= MaxDepth;

    /// <summary>
    /// Whether a JSON string, spelled with its escapes, contains an unpaired surrogate. The spelling must be valid JSON
    /// and valid UTF-8, so that surrogates can only occur as escapes.
    /// </summary>
    public static bool HasLoneSurrogate(ReadOnlySpan<byte> spelled)
    {
        // Most escapes are \n and \", and most strings have no \u at all, which this search finds out quickly.
        if (spelled.IndexOf("\\u"u8) < 0)
        {
            return false;
        }

        var highBefore = false;
        while (true)
        {
            var backslash = spelled.IndexOf((byte)'\\');
            if (highBefore && backslash != 0)
            {
                return true;
            }

            if (backslash < 0)
            {
                return false;
            }

            spelled = spelled[(backslash + 1)..];
            if (spelled[0] != 'u')
            {
                if (highBefore)
                {
                    return true;
                }

                spelled = spelled[1..];
                continue;
            }

            // D8 to DB begin a pair, DC to DF end one.
            var surrogate = (spelled[1] | 0x20) == 'd' && (spelled[2] | 0x20) is '8' or '9' or 'a' or 'b' or 'c' or 'd' or 'e' or 'f';
            var low = surrogate && (spelled[2] | 0x20) is 'c' or 'd' or 'e' or 'f';
            if (low != highBefore)
            {
                return true;
            }

            highBefore = surrogate && !low;
            spelled = spelled[5..];
        }
    }
}
