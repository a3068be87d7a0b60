using System.Buffers;
using System.Text.Json;

namespace BatchFunctions.Lines;

/// <summary>
/// Decides, from a file that arrives in pieces of any size, whether its first non-blank line is a JSON object, and if
/// not, what it is. Buffers at most one unfinished token of up to <see cref="MaxHeldBytes"/>. A longer one is accepted
/// and left to validation, as are the line's encoding and depth.
/// </summary>
internal sealed class FirstLineProbe
{
    /// <summary>The largest unfinished token that is buffered, in bytes.</summary>
    public const int MaxHeldBytes = 1024 * 1024;

    private readonly ArrayBufferWriter<byte> _held = new();
    private JsonReaderState _state = new(LineJson.ReaderOptions);
    private Place _place;
    private int _markBytes;
    private int _tryAtBytes;
    private bool _returnSeen;

    /// <summary>Where the reader is.</summary>
    private enum Place
    {
        /// <summary>Before the first line.</summary>
        Before,

        /// <summary>In a line that does not begin with a brace.</summary>
        Strange,

        /// <summary>In the line's object.</summary>
        Object,

        /// <summary>After the object, with only blanks so far.</summary>
        Behind,
    }

    /// <summary>What ends the bytes that are being read.</summary>
    private enum End
    {
        /// <summary>Nothing: more may come.</summary>
        Open,

        /// <summary>The line ends.</summary>
        OfLine,

        /// <summary>The file ends.</summary>
        OfFile,
    }

    /// <summary>The result so far.</summary>
    public FirstLine Verdict { get; private set; }

    /// <summary>Reads the file's next bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        bytes = _place == Place.Before ? SkipToLine(bytes) : bytes;
        if (Verdict != FirstLine.Undecided || bytes.IsEmpty)
        {
            return;
        }

        var lineBreak = bytes.IndexOf((byte)'\n');
        if (lineBreak >= 0)
        {
            Read(bytes[..lineBreak], End.OfLine);
        }
        else
        {
            Read(bytes, End.Open);
        }
    }

    /// <summary>Tells the probe that the file has ended.</summary>
    /// <returns>The verdict, which is never <see cref="FirstLine.Undecided"/>.</returns>
    public FirstLine Complete()
    {
        if (Verdict == FirstLine.Undecided)
        {
            if (_place == Place.Before)
            {
                // One or two bytes of a byte order mark are not a line of JSON either.
                Verdict = _markBytes is 0 or 3 ? FirstLine.Empty : FirstLine.NotJsonObject;
            }
            else
            {
                Read([], End.OfFile);
            }
        }

        return Verdict;
    }

    // Skips a byte order mark and blank lines; the rest starts with the first line's first byte.
    private ReadOnlySpan<byte> SkipToLine(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_markBytes < 3 && bytes[0] == "\uFEFF"u8[_markBytes])
            {
                _markBytes++;
            }
            else if (_markBytes is 0 or 3 && bytes[0] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
            {
                // A byte order mark is valid only at the very beginning.
                _markBytes = 3;
            }
            else
            {
                _place = bytes[0] == '{' ? Place.Object : Place.Strange;
                Verdict = _markBytes is 0 or 3 ? FirstLine.Undecided : FirstLine.NotJsonObject;
                break;
            }

            bytes = bytes[1..];
        }

        return bytes;
    }

    private void Read(ReadOnlySpan<byte> bytes, End end)
    {
        switch (_place)
        {
            case Place.Strange:
                ReadStrange(bytes, end);
                break;
            case Place.Object:
                ReadObject(bytes, end);
                break;
            default:
                ReadBehind(bytes, end);
                break;
        }
    }

    private void ReadStrange(ReadOnlySpan<byte> bytes, End end)
    {
        _held.Write(bytes[..Math.Min(bytes.Length, FirstLineNames.LongestBeginning - _held.WrittenCount)]);
        if (end != End.Open || _held.WrittenCount == FirstLineNames.LongestBeginning)
        {
            Verdict = FirstLineNames.OfBeginning(_held.WrittenSpan);
        }
    }

    private void ReadObject(ReadOnlySpan<byte> bytes, End end)
    {
        if (_held.WrittenCount == 0)
        {
            Parse(bytes, end);
            return;
        }

        _held.Write(bytes);

        // An unfinished token is parsed again from its start, but only once it has doubled in size, so that pieces of
        // one byte cost no more than twice the whole.
        if (end != End.Open || _held.WrittenCount >= _tryAtBytes)
        {
            Parse(_held.WrittenSpan, end);
        }
    }

    private void ReadBehind(ReadOnlySpan<byte> bytes, End end)
    {
        var rest = FirstLineNames.AfterBlanks(bytes);
        _returnSeen |= bytes[..^rest.Length].Contains((byte)'\r');
        Verdict = rest is [var next, ..] ? FirstLineNames.OfTail(next, _returnSeen)
            : end == End.Open ? FirstLine.Undecided
            : FirstLine.JsonObject;
    }

    private void Parse(ReadOnlySpan<byte> bytes, End end)
    {
        var reader = new Utf8JsonReader(bytes, isFinalBlock: false, _state);

        // The reader after the last valid token; one that has thrown cannot be used any more.
        var good = reader;
        try
        {
            while (reader.Read())
            {
                good = reader;
                if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray
                    && LineJson.IsTooDeep(in reader))
                {
                    Verdict = FirstLine.JsonObject;
                    return;
                }

                if (reader.TokenType == JsonTokenType.EndObject && reader.CurrentDepth == 0)
                {
                    _place = Place.Behind;
                    ReadBehind(bytes[(int)reader.BytesConsumed..], end);
                    return;
                }
            }
        }
        catch (JsonException)
        {
            Verdict = FirstLineNames.OfFault(bytes[(int)good.BytesConsumed..]);
        }

        var rest = bytes[(int)good.BytesConsumed..];
        if (Verdict != FirstLine.Undecided)
        {
            return;
        }

        if (end != End.Open)
        {
            Verdict = end == End.OfLine ? FirstLineNames.OfCutOff(rest) : FirstLine.NotJsonObject;
            return;
        }

        _state = good.CurrentState;
        Hold(rest);
    }

    private void Hold(ReadOnlySpan<byte> rest)
    {
        if (rest.Length > MaxHeldBytes)
        {
            Verdict = FirstLine.JsonObject;
            _held.Clear();
            return;
        }

        _tryAtBytes = 2 * rest.Length;
        if (rest.Length != _held.WrittenCount)
        {
            // The rest may be a slice of the buffer that is about to be overwritten.
            var copy = rest.ToArray();
            _held.ResetWrittenCount();
            _held.Write(copy);
        }
    }
}
