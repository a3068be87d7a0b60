namespace BatchFunctions.Lines;

/// <summary>Recognizes what is often taken for JSONL, by the bytes where it turns out to be none.</summary>
internal static class FirstLineNames
{
    /// <summary>As many bytes of a file's beginning as are looked at.</summary>
    public const int LongestBeginning = 4;

    private const string Blanks = " \t\r";

    /// <summary>Names a file by its first bytes, which begin no JSON object.</summary>
    public static FirstLine OfBeginning(ReadOnlySpan<byte> bytes) => bytes switch
    {
        [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..] or [0, (byte)'{', ..] => FirstLine.Utf16,
        [0x1F, 0x8B, ..] => FirstLine.Gzip,
        [(byte)'P', (byte)'K', 3, 4, ..] => FirstLine.Zip,
        [(byte)'[', ..] => FirstLine.JsonArray,
        _ => FirstLine.NotJsonObject,
    };

    /// <summary>Names what JSON does not allow.</summary>
    /// <param name="rest">The line behind the last token that is JSON, as far as it has been seen.</param>
    /// <returns><see cref="FirstLine.Undecided"/> where more of the line may change the name.</returns>
    public static FirstLine OfFault(ReadOnlySpan<byte> rest)
    {
        var comma = SkipToValue(ref rest);
        return rest switch
        {
            // A brace in UTF-16, little end first: the brace was taken for a token.
            [0, ..] => FirstLine.Utf16,
            [(byte)'}' or (byte)']', ..] when comma => FirstLine.TrailingComma,
            _ => OfWord(rest),
        };
    }

    /// <summary>Names what stands behind a JSON object on its line.</summary>
    /// <param name="next">The first byte that is no blank.</param>
    /// <param name="afterReturn">Whether a CR stands before it.</param>
    public static FirstLine OfTail(byte next, bool afterReturn) => next switch
    {
        (byte)',' => FirstLine.TrailingComma,
        (byte)'{' when afterReturn => FirstLine.CarriageReturns,
        _ => FirstLine.NotJsonObject,
    };

    /// <summary>Names a line that ends before its JSON object does.</summary>
    /// <param name="rest">The line behind its last whole token.</param>
    public static FirstLine OfCutOff(ReadOnlySpan<byte> rest)
    {
        SkipToValue(ref rest);
        return rest.IsEmpty ? FirstLine.Indented : FirstLine.NotJsonObject;
    }

    /// <summary>The bytes from the first on that is no blank.</summary>
    public static ReadOnlySpan<byte> AfterBlanks(ReadOnlySpan<byte> bytes)
    {
        var start = 0;
        while (start < bytes.Length && Blanks.Contains((char)bytes[start], StringComparison.Ordinal))
        {
            start++;
        }

        return bytes[start..];
    }

    /// <summary>Goes on to where a value stands, or should.</summary>
    /// <returns>Whether a comma stands before it.</returns>
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
