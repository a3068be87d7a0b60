namespace BatchFunctions.Lines;

/// <summary>Recognizes formats that are often mistaken for JSONL, by the bytes at which JSONL ends.</summary>
internal static class FirstLineNames
{
    /// <summary>How many bytes of a file's beginning are examined.</summary>
    public const int LongestBeginning = 4;

    private const string Blanks = " \t\r";

    /// <summary>Classifies a file by its first bytes, which do not begin a JSON object.</summary>
    public static FirstLine OfBeginning(ReadOnlySpan<byte> bytes) => bytes switch
    {
        [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..] or [0, (byte)'{', ..] => FirstLine.Utf16,
        [0x1F, 0x8B, ..] => FirstLine.Gzip,
        [(byte)'P', (byte)'K', 3, 4, ..] => FirstLine.Zip,
        [(byte)'[', ..] => FirstLine.JsonArray,
        _ => FirstLine.NotJsonObject,
    };

    /// <summary>Classifies a syntax error.</summary>
    /// <param name="rest">The line after the last valid token, as far as it has been read.</param>
    /// <returns><see cref="FirstLine.Undecided"/> if more of the line could change the result.</returns>
    public static FirstLine OfFault(ReadOnlySpan<byte> rest)
    {
        var comma = SkipToValue(ref rest);
        return rest switch
        {
            // A brace in UTF-16 little-endian: its first byte was read as a token.
            [0, ..] => FirstLine.Utf16,
            [(byte)'}' or (byte)']', ..] when comma => FirstLine.TrailingComma,
            _ => OfWord(rest),
        };
    }

    /// <summary>Classifies what follows a JSON object on its line.</summary>
    /// <param name="next">The first byte that is not blank.</param>
    /// <param name="afterReturn">Whether a CR precedes it.</param>
    public static FirstLine OfTail(byte next, bool afterReturn) => next switch
    {
        (byte)',' => FirstLine.TrailingComma,
        (byte)'{' when afterReturn => FirstLine.CarriageReturns,
        _ => FirstLine.NotJsonObject,
    };

    /// <summary>Classifies a line that ends before its JSON object does.</summary>
    /// <param name="rest">The line after its last complete token.</param>
    public static FirstLine OfCutOff(ReadOnlySpan<byte> rest)
    {
        SkipToValue(ref rest);
        return rest.IsEmpty ? FirstLine.Indented : FirstLine.NotJsonObject;
    }

    /// <summary>The bytes from the first non-blank one on.</summary>
    public static ReadOnlySpan<byte> AfterBlanks(ReadOnlySpan<byte> bytes)
    {
        var start = 0;
        while (start < bytes.Length && Blanks.Contains((char)bytes[start], StringComparison.Ordinal))
        {
            start++;
        }

        return bytes[start..];
    }

    /// <summary>Skips blanks and at most one comma, to where a value should begin.</summary>
    /// <returns>Whether there was a comma.</returns>
    private static bool SkipToValue(ref ReadOnlySpan<byte> rest)
    {
        rest = AfterBlanks(rest);
        var comma = rest is [(byte)',', ..];
        rest = comma ? AfterBlanks(rest[1..]) : rest;
        return comma;
    }

    private static FirstLine OfWord(ReadOnlySpan<byte> rest)
    {
        var nan = "NaN"u8;
        var infinity = "Infinity"u8;
        var negative = "-Infinity"u8;
        return rest.StartsWith(nan) || rest.StartsWith(infinity) || rest.StartsWith(negative) ? FirstLine.NotANumber
            : nan.StartsWith(rest) || infinity.StartsWith(rest) || negative.StartsWith(rest) ? FirstLine.Undecided
            : FirstLine.NotJsonObject;
    }
}
