using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;

namespace BatchFunctions.Lines;

/// <summary>
/// Puts a JSON document of any layout on one line, in one pass and without changing a value: numbers keep every digit,
/// strings their spelling. The one exception is Unicode line breaks (U+0085, U+2028, U+2029) inside strings, which are
/// escaped: in JSONL they are not line breaks, but many clients split files at them.
/// </summary>
internal static class JsonOneLine
{
    // LF, CR, and the first bytes of the line breaks of Unicode.
    private static readonly SearchValues<byte> Suspects = SearchValues.Create([(byte)'\n', (byte)'\r', 0xC2, 0xE2]);
    private static readonly SearchValues<byte> Blanks = SearchValues.Create(" \t\r\n"u8);

    // The reader keeps one bit per level; limiting the depth of an answer is not this class's job.
    private static readonly JsonReaderOptions Options = new() { MaxDepth = int.MaxValue };

    /// <summary>Writes the document, without a byte order mark.</summary>
    /// <returns>False, with nothing written, if it is not one complete JSON value in valid UTF-8.</returns>
    public static bool TryWrite(ReadOnlySpan<byte> json, IBufferWriter<byte> output)
    {
        if (json.StartsWith("\uFEFF"u8))
        {
            json = json[3..];
        }

        if (!Utf8.IsValid(json) || !IsOneValue(json))
        {
            return false;
        }

        WriteLine(Trim(json), output);
        return true;
    }

    private static bool IsOneValue(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, Options);
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

    // In valid JSON, LF and CR occur only between tokens, where they and the indentation after them mean nothing.
    private static void WriteLine(ReadOnlySpan<byte> json, IBufferWriter<byte> output)
    {
        while (true)
        {
            var found = IndexOfLineBreak(json);
            if (found < 0)
            {
                output.Write(json);
                return;
            }

            output.Write(json[..found]);
            json = json[found..];
            if (json[0] is (byte)'\n' or (byte)'\r')
            {
                json = json[json.IndexOfAnyExcept(Blanks)..];
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

    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> json)
    {
        var start = json.IndexOfAnyExcept(Blanks);
        var last = json.LastIndexOfAnyExcept(Blanks);
        return json[start..(last + 1)];
    }
}
