using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using static BatchFunctions.Lines.LineFields;

namespace BatchFunctions.Lines;

/// <summary>
/// Parses a line's JSON once, from start to end, and locates its fields. Rejects what two readers could understand
/// differently: invalid UTF-8, unpaired surrogates, and names that occur twice in the line or in its body. Not
/// thread-safe; allocates nothing for a valid line.
/// </summary>
internal sealed class LineScanner
{
    private const int MaxNameCharacters = 40;
    private readonly NameSet _lineNames = new();
    private readonly NameSet _bodyNames = new();
    private readonly Scratch _scratch = new();

    // The duplicate parameter, if that is the fault.
    private string _duplicate = "";

    /// <summary>Locates a line's fields.</summary>
    /// <param name="line">The line, without its line ending.</param>
    /// <param name="fields">Receives the fields; valid only if nothing is wrong.</param>
    /// <returns>What is wrong with the line's form; null if it is a well-formed JSON object.</returns>
    public LineProblem? Scan(ReadOnlySpan<byte> line, ref LineFields fields)
    {
        Fault fault;
        try
        {
            fault = Utf8.IsValid(line) ? ScanLine(line, ref fields) : Fault.NoText;
        }
        catch (JsonException)
        {
            fault = Fault.NoJson;
        }

        return fault == Fault.None ? null : Problem(fault);
    }

    /// <summary>Finds the <c>custom_id</c> of a line.</summary>
    /// <param name="line">The line, without its line ending.</param>
    /// <param name="scratch">Holds the id if it is spelled with escapes.</param>
    /// <param name="customId">The id, unescaped, in UTF-8.</param>
    /// <returns>Whether the line is a well-formed JSON object that has one.</returns>
    public bool TryFindCustomId(ReadOnlySpan<byte> line, Scratch scratch, out ReadOnlySpan<byte> customId)
    {
        var fields = new LineFields(line);
        var isFound = Scan(line, ref fields) is null && fields.CustomId.Type == JsonTokenType.String;
        customId = isFound ? fields.CustomId.Text(scratch) : default;
        return isFound;
    }

    // One loop with a single call to Read, which the compiler can inline. It always runs to the end of the line or to
    // the depth limit, since invalid JSON is reported in preference to anything else that is wrong.
    private Fault ScanLine(ReadOnlySpan<byte> line, ref LineFields fields)
    {
        _lineNames.Clear();
        var reader = new Utf8JsonReader(line, LineJson.ReaderOptions);
        var fault = Fault.None;
        var isObject = false;
        var inBody = false;
        var depth = 0;
        uint seen = 0;

        // The part whose value comes next.
        var part = Part.Other;
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    if (fault != Fault.None)
                    {
                        break;
                    }

                    if (depth == 1 || (depth == 2 && inBody))
                    {
                        fault = TakeName(ref reader, line, inBody, ref seen, out part);
                    }
                    else if (reader.ValueIsEscaped && LineJson.HasLoneSurrogate(reader.ValueSpan))
                    {
                        fault = Fault.LoneSurrogate;
                    }

                    break;
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    depth++;
                    if (depth > LineJson.MaxDepth)
                    {
                        return Fault.TooDeep;
                    }

                    if (depth == 1)
                    {
                        isObject = reader.TokenType == JsonTokenType.StartObject;
                    }
                    else if (part != Part.Other)
                    {
                        fields.Set(part, reader.TokenType, (int)reader.TokenStartIndex, (int)reader.BytesConsumed, escaped: false);
                        if (part == Part.Body && reader.TokenType == JsonTokenType.StartObject)
                        {
                            inBody = true;
                            _bodyNames.Clear();
                        }

                        part = Part.Other;
                    }

                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    depth--;
                    inBody &= depth > 1;
                    break;
                default:
                    if (reader.ValueIsEscaped && fault == Fault.None && LineJson.HasLoneSurrogate(reader.ValueSpan))
                    {
                        fault = Fault.LoneSurrogate;
                    }

                    if (part != Part.Other)
                    {
                        fields.Set(part, reader.TokenType, (int)reader.TokenStartIndex, (int)reader.BytesConsumed, reader.ValueIsEscaped);
                        part = Part.Other;
                    }

                    break;
            }
        }

        return fault == Fault.None && !isObject ? Fault.NoObject : fault;
    }

    private Fault TakeName(ref Utf8JsonReader reader, ReadOnlySpan<byte> line, bool inBody, ref uint seen, out Part part)
    {
        part = Part.Other;
        var name = reader.ValueSpan;
        if (reader.ValueIsEscaped)
        {
            if (LineJson.HasLoneSurrogate(name))
            {
                return Fault.LoneSurrogate;
            }

            name = _scratch.Unescape(in reader);
        }

        // A known name takes one bit to remember.
        var found = inBody ? PartOfBody(name) : PartOfLine(name);
        var bit = 1u << (int)found;
        if (found == Part.Other ? !(inBody ? _bodyNames : _lineNames).Add(name, line) : (seen & bit) != 0)
        {
            _duplicate = Param(name, inBody);
            return Fault.DuplicateName;
        }

        seen |= bit;
        part = found;
        return Fault.None;
    }

    private static Part PartOfLine(ReadOnlySpan<byte> name) => name switch
    {
        _ when name.SequenceEqual("custom_id"u8) => Part.CustomId,
        _ when name.SequenceEqual("method"u8) => Part.Method,
        _ when name.SequenceEqual("url"u8) => Part.Url,
        _ when name.SequenceEqual("body"u8) => Part.Body,
        _ => Part.Other,
    };

    private static Part PartOfBody(ReadOnlySpan<byte> name) => name switch
    {
        _ when name.SequenceEqual("model"u8) => Part.Model,
        _ when name.SequenceEqual("stream"u8) => Part.Stream,
        _ => Part.Other,
    };

    // A property's name for a message, cut to a bounded length: a hundred messages are kept in the batch's row.
    private static string Param(ReadOnlySpan<byte> name, bool inBody)
    {
        var text = Encoding.UTF8.GetString(name[..Math.Min(name.Length, 4 * MaxNameCharacters)]);
        if (text.Length > MaxNameCharacters)
        {
            var end = char.IsHighSurrogate(text[MaxNameCharacters - 1]) ? MaxNameCharacters - 1 : MaxNameCharacters;
            text = text[..end] + "…";
        }

        return inBody ? "body." + text : text;
    }

    private LineProblem Problem(Fault fault) => fault switch
    {
        Fault.NoText => LineProblem.InvalidEncoding,
        Fault.LoneSurrogate => LineProblem.LoneSurrogate,
        Fault.NoObject => LineProblem.NotAnObject,
        Fault.TooDeep => LineProblem.TooDeep,
        Fault.DuplicateName => LineProblem.DuplicateProperty(_duplicate),
        _ => LineProblem.InvalidJson,
    };

    // What is wrong with a line's form; a byte, since it is passed up for every value.
    private enum Fault : byte
    {
        None,
        NoText,
        LoneSurrogate,
        NoJson,
        NoObject,
        TooDeep,
        DuplicateName,
    }
}
