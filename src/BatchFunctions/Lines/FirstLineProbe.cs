using System.Buffers;
using System.Text.Json;

namespace BatchFunctions.Lines;

/// <summary>What the first line of a file is.</summary>
internal enum FirstLine
{
    /// <summary>Not enough of it has been seen.</summary>
    Undecided,

    /// <summary>A JSON object, or too large a beginning of one to hold.</summary>
    JsonObject,

    /// <summary>Anything else.</summary>
    NotJsonObject,

    /// <summary>There is none: the file is empty or blank.</summary>
    Empty,
}

/// <summary>
/// Decides, while a file passes by in pieces of any size, whether its first line that is not blank is a JSON object.
/// Holds one unfinished token at most, and no more than <see cref="MaxHeldBytes"/>; what outgrows that is let through,
/// and is for validation to judge, as are the line's encoding and depth.
/// </summary>
internal sealed class FirstLineProbe
{
    /// <summary>The most that is held of an unfinished token, in bytes.</summary>
    public const int MaxHeldBytes = 1024 * 1024;

    private readonly ArrayBufferWriter<byte> _held = new();
    private JsonReaderState _state = new(LineJson.ReaderOptions);
    private int _markBytes;
    private int _tryAtBytes;
    private bool _begun;

    /// <summary>What is known so far.</summary>
    public FirstLine Verdict { get; private set; }

    /// <summary>Takes the file's next bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        bytes = _begun ? bytes : SkipToLine(bytes);
        if (Verdict != FirstLine.Undecided || bytes.IsEmpty)
        {
            return;
        }

        var lineBreak = bytes.IndexOf((byte)'\n');
        if (lineBreak >= 0)
        {
            Read(bytes[..lineBreak], last: true);
        }
        else
        {
            Read(bytes, last: false);
        }
    }

    /// <summary>Says that the file has ended.</summary>
    /// <returns>The verdict, which is no longer <see cref="FirstLine.Undecided"/>.</returns>
    public FirstLine Complete()
    {
        if (Verdict == FirstLine.Undecided)
        {
            if (_begun)
            {
                Read([], last: true);
            }
            else
            {
                // One or two bytes of a byte order mark are no line of JSON either.
                Verdict = _markBytes is 0 or 3 ? FirstLine.Empty : FirstLine.NotJsonObject;
            }
        }

        return Verdict;
    }

    // Passes over a byte order mark and blank lines; what is left begins with the first line's first byte.
    private ReadOnlySpan<byte> SkipToLine(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty && !_begun)
        {
            if (_markBytes < 3 && bytes[0] == "\uFEFF"u8[_markBytes])
            {
                _markBytes++;
            }
            else if (_markBytes is 0 or 3 && bytes[0] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
            {
                // A mark stands at the very beginning or nowhere.
                _markBytes = 3;
            }
            else
            {
                _begun = true;
                Verdict = _markBytes is 0 or 3 && bytes[0] == '{' ? FirstLine.Undecided : FirstLine.NotJsonObject;
                break;
            }

            bytes = bytes[1..];
        }

        return bytes;
    }

    private void Read(ReadOnlySpan<byte> bytes, bool last)
    {
        if (_held.WrittenCount == 0)
        {
            Parse(bytes, last);
            return;
        }

        _held.Write(bytes);

        // An unfinished token is read again from its beginning: only once it has doubled, so that pieces of one byte
        // cost no more than twice the whole.
        if (last || _held.WrittenCount >= _tryAtBytes)
        {
            Parse(_held.WrittenSpan, last);
        }
    }

    private void Parse(ReadOnlySpan<byte> bytes, bool last)
    {
        var reader = new Utf8JsonReader(bytes, last, _state);
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray
                    && LineJson.IsTooDeep(in reader))
                {
                    Verdict = FirstLine.JsonObject;
                    return;
                }
            }
        }
        catch (JsonException)
        {
            Verdict = FirstLine.NotJsonObject;
            return;
        }

        if (last)
        {
            Verdict = FirstLine.JsonObject;
            return;
        }

        _state = reader.CurrentState;
        Hold(bytes[(int)reader.BytesConsumed..]);
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
            // The rest may be a slice of what is held.
            var copy = rest.ToArray();
            _held.ResetWrittenCount();
            _held.Write(copy);
        }
    }
}
