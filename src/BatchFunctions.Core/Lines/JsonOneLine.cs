using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;

namespace BatchFunctions.Lines;

/// <summary>
/// Puts a JSON document of any layout on one line, piece by piece and without changing a value: numbers keep every digit,
/// strings their spelling. The one exception is Unicode line breaks (U+0085, U+2028, U+2029) inside strings, which are
/// escaped: in JSONL they are not line breaks, but many clients split files at them. A piece ends with a whole character.
/// </summary>
/// <param name="output">Receives the line.</param>
internal sealed class JsonOneLine(IBufferWriter<byte> output)
{
    // LF, CR, and the first bytes of the line breaks of Unicode.
    private static readonly SearchValues<byte> Suspects = SearchValues.Create([(byte)'\n', (byte)'\r', 0xC2, 0xE2]);
    private static readonly SearchValues<byte> Blanks = SearchValues.Create(" \t\r\n"u8);

    // Blanks that may turn out to be the document's last. Inside a string they are spaces, and between tokens as good as spaces.
    private long _heldBack;
    private bool _hasBegun;
    private bool _isAfterBreak = true;

    /// <summary>Whether this is one complete JSON value in valid UTF-8, with a byte order mark or without.</summary>
    /// <param name="json">The document, each piece of which ends with a whole character.</param>
    /// <param name="maxDepth">How deep it may be nested.</param>
    public static bool IsOneValue(in ReadOnlySequence<byte> json, int maxDepth)
    {
        foreach (var piece in json)
        {
            if (!Utf8.IsValid(piece.Span))
            {
                return false;
            }
        }

        var start = json.FirstSpan.StartsWith(Mark) ? json.Slice(Mark.Length) : json;
        var reader = new Utf8JsonReader(start, new JsonReaderOptions { MaxDepth = maxDepth });
        try
        {
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Writes the next piece of a document that <see cref="IsOneValue"/>.</summary>
    public void Write(ReadOnlySpan<byte> json)
    {
        if (!_hasBegun && json.StartsWith(Mark))
        {
            json = json[Mark.Length..];
        }

        _hasBegun = true;

        // In valid JSON, LF and CR occur only between tokens, where they and the indentation after them mean nothing.
        while (true)
        {
            if (_isAfterBreak)
            {
                var token = json.IndexOfAnyExcept(Blanks);
                if (token < 0)
                {
                    return;
                }

                json = json[token..];
                _isAfterBreak = false;
            }

            var found = IndexOfLineBreak(json);
            if (found < 0)
            {
                WriteSome(json, isLast: true);
                return;
            }

            var isBetweenTokens = json[found] is (byte)'\n' or (byte)'\r';
            WriteSome(json[..found], isLast: isBetweenTokens);
            json = json[found..];
            if (isBetweenTokens)
            {
                _isAfterBreak = true;
            }
            else if (json[0] == 0xC2)
            {
                output.Write("\\u0085"u8);
                json = json[2..];
            }
            else
            {
                output.Write(json[2] == 0xA8 ? "\\u2028"u8 : "\\u2029"u8);
                json = json[3..];
            }
        }
    }

    private static ReadOnlySpan<byte> Mark => "\uFEFF"u8;

    /// <param name="json">What is written.</param>
    /// <param name="isLast">Whether blanks at its end may be the document's last, which are not written unless more comes.</param>
    private void WriteSome(ReadOnlySpan<byte> json, bool isLast)
    {
        var end = isLast ? json.LastIndexOfAnyExcept(Blanks) + 1 : json.Length;
        if (end > 0 || !isLast)
        {
            for (; _heldBack > 0; _heldBack--)
            {
                output.Write(" "u8);
            }

            output.Write(json[..end]);
        }

        _heldBack += json.Length - end;
    }

    private static int IndexOfLineBreak(ReadOnlySpan<byte> json)
    {
        var from = 0;
        while (true)
        {
            var found = json[from..].IndexOfAny(Suspects);
            if (found < 0)
            {
                return -1;
            }

            from += found;
            var here = json[from..];
            if (here[0] is (byte)'\n' or (byte)'\r'
                || (here[0] == 0xC2 && here[1] == 0x85)
                || (here[0] == 0xE2 && here[1] == 0x80 && here[2] is 0xA8 or 0xA9))
            {
                return from;
            }

            from++;
        }
    }
}
