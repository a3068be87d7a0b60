using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using static BatchFunctions.Lines.LineFields;

namespace BatchFunctions.Lines;

/// <summary>
/// Reads a line's JSON once, from end to end, and says where its fields stand. Refuses what two readers could
/// understand differently: broken text, lone surrogates, and names that stand twice in the line or in its body. Used by
/// one thread at a time; makes no garbage while lines are right.
/// </summary>
internal sealed class LineScanner
{
    private const int MaxNameCharacters = 64;
    private readonly NameSet _lineNames = new();
    private readonly NameSet _bodyNames = new();
    private readonly Scratch _scratch = new();

    // The parameter that stands twice, where that is the fault.
    private string _twin = "";

    /// <summary>Finds a line's fields.</summary>
    /// <param name="line">The line, without its ending.</param>
    /// <param name="problem">What is wrong with the line's form; null when it is a JSON object as it should be.</param>
    public LineFields Scan(ReadOnlySpan<byte> line, out LineProblem? problem)
    {
        var fields = new LineFields(line);
        Fault fault;
        try
        {
            fault = Utf8.IsValid(line) ? ScanLine(line, ref fields) : Fault.NoText;
        }
        catch (JsonException)
        {
            fault = Fault.NoJson;
        }

        problem = fault == Fault.None ? null : Problem(fault);
        return fields;
    }

    private Fault ScanLine(ReadOnlySpan<byte> line, ref LineFields fields)
    {
        var reader = new Utf8JsonReader(line, LineJson.ReaderOptions);
        reader.Read();
        Fault fault = reader.TokenType == JsonTokenType.StartObject
            ? ScanObject(ref reader, line, ref fields, inBody: false)
            : CheckValue(ref reader) is var found && found == Fault.None ? Fault.NoObject : found;

        // To the end in any case: that a line is no JSON is said rather than anything else that is wrong with it.
        return CheckRest(ref reader) is var rest && rest == Fault.None ? fault : rest;
    }

    private Fault ScanObject(ref Utf8JsonReader reader, ReadOnlySpan<byte> line, ref LineFields fields, bool inBody)
    {
        NameSet names = inBody ? _bodyNames : _lineNames;
        names.Clear();
        uint seen = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            ReadOnlySpan<byte> name = reader.ValueSpan;
            if (reader.ValueIsEscaped)
            {
                if (LineJson.HasLoneSurrogate(name))
                {
                    return Fault.LoneSurrogate;
                }

                name = _scratch.Unescape(in reader);
            }

            // A name that is known needs one bit to be remembered.
            Part part = inBody ? PartOfBody(name) : PartOfLine(name);
            uint bit = 1u << (int)part;
            if (part == Part.Other ? !names.Add(name, line) : (seen & bit) != 0)
            {
                _twin = Param(name, inBody);
                return Fault.Twins;
            }

            seen |= bit;
            reader.Read();
            JsonTokenType type = reader.TokenType;
            int start = (int)reader.TokenStartIndex;
            bool escaped = reader.ValueIsEscaped;
            Fault fault = part == Part.Body && type == JsonTokenType.StartObject
                ? ScanObject(ref reader, line, ref fields, inBody: true)
                : CheckValue(ref reader);
            if (fault != Fault.None)
            {
                return fault;
            }

            if (part != Part.Other)
            {
                fields.Set(part, type, start, (int)reader.BytesConsumed, escaped);
            }
        }

        return Fault.None;
    }

    // Goes to the end of the value that the reader stands at.
    private static Fault CheckValue(ref Utf8JsonReader reader)
    {
        int open = 0;
        while (true)
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    if (LineJson.IsTooDeep(in reader))
                    {
                        return Fault.TooDeep;
                    }

                    open++;
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    open--;
                    break;
                default:
                    if (reader.ValueIsEscaped && LineJson.HasLoneSurrogate(reader.ValueSpan))
                    {
                        return Fault.LoneSurrogate;
                    }

                    break;
            }

            if (open == 0)
            {
                return Fault.None;
            }

            reader.Read();
        }
    }

    private static Fault CheckRest(ref Utf8JsonReader reader)
    {
        do
        {
            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray
                && LineJson.IsTooDeep(in reader))
            {
                return Fault.TooDeep;
            }
        }
        while (reader.Read());

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

    // A property's name for a message; one without end is cut, since the message is kept with the batch.
    private static string Param(ReadOnlySpan<byte> name, bool inBody)
    {
        string text = Encoding.UTF8.GetString(name[..Math.Min(name.Length, 4 * MaxNameCharacters)]);
        if (text.Length > MaxNameCharacters)
        {
            int end = char.IsHighSurrogate(text[MaxNameCharacters - 1]) ? MaxNameCharacters - 1 : MaxNameCharacters;
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
        Fault.Twins => LineProblem.DuplicateProperty(_twin),
        _ => LineProblem.InvalidJson,
    };

    // What is wrong with a line's form; small, since it is handed up for every value.
    private enum Fault : byte
    {
        None,
        NoText,
        LoneSurrogate,
        NoJson,
        NoObject,
        TooDeep,
        Twins,
    }
}
