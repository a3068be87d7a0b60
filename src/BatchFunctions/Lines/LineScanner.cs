using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace BatchFunctions.Lines;

/// <summary>
/// Reads a line's JSON once, from end to end, and says where its fields stand. Refuses what two readers could
/// understand differently: broken text, lone surrogates, and names that stand twice in the line or in its body. Used by
/// one thread at a time; makes no garbage while lines are right.
/// </summary>
internal sealed class LineScanner
{
    private const int MaxNameCharacters = 64;
    private readonly DigestSet _lineNames = new();
    private readonly DigestSet _bodyNames = new();
    private readonly Scratch _scratch = new();

    /// <summary>Finds a line's fields.</summary>
    /// <param name="line">The line, without its ending.</param>
    /// <param name="problem">What is wrong with the line's form; null when it is a JSON object as it should be.</param>
    public LineFields Scan(ReadOnlySpan<byte> line, out LineProblem? problem)
    {
        var fields = default(LineFields);
        if (!Utf8.IsValid(line))
        {
            problem = LineProblem.InvalidEncoding;
            return fields;
        }

        var reader = new Utf8JsonReader(line, LineJson.ReaderOptions);
        try
        {
            reader.Read();
            problem = reader.TokenType == JsonTokenType.StartObject
                ? ScanObject(ref reader, line, ref fields, inBody: false)
                : SkipValue(ref reader);
            problem ??= reader.TokenType == JsonTokenType.EndObject ? null : LineProblem.NotAnObject;
            problem = ReadToEnd(ref reader) ?? problem;
        }
        catch (JsonException)
        {
            problem = LineProblem.InvalidJson;
        }

        return fields;
    }

    // Reads what is left of a line. That it is no JSON is said rather than anything else that is wrong with it.
    private static LineProblem? ReadToEnd(ref Utf8JsonReader reader)
    {
        do
        {
            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray
                && LineJson.IsTooDeep(in reader))
            {
                return LineProblem.TooDeep;
            }
        }
        while (reader.Read());

        return null;
    }

    private LineProblem? ScanObject(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> line, ref LineFields fields, bool inBody)
    {
        DigestSet names = inBody ? _bodyNames : _lineNames;
        names.Clear();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueIsEscaped && LineJson.HasLoneSurrogate(reader.ValueSpan))
            {
                return LineProblem.LoneSurrogate;
            }

            ReadOnlySpan<byte> name = reader.ValueIsEscaped ? _scratch.Unescape(in reader) : reader.ValueSpan;
            if (!names.Add(name))
            {
                return LineProblem.DuplicateProperty(Param(name, inBody));
            }

            Field field = inBody ? FieldOfBody(name) : FieldOfLine(name);
            reader.Read();
            JsonTokenType type = reader.TokenType;
            int start = (int)reader.TokenStartIndex;
            bool escaped = reader.ValueIsEscaped;
            LineProblem? problem = field == Field.Body && type == JsonTokenType.StartObject
                ? ScanObject(ref reader, line, ref fields, inBody: true)
                : SkipValue(ref reader);
            if (problem is not null)
            {
                return problem;
            }

            if (field != Field.Other)
            {
                Keep(ref fields, field, new LineField(type, line[start..(int)reader.BytesConsumed], escaped));
            }
        }

        return null;
    }

    // Goes to the end of the value that the reader stands at.
    private static LineProblem? SkipValue(ref Utf8JsonReader reader)
    {
        int depth = reader.CurrentDepth;
        while (true)
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    if (LineJson.IsTooDeep(in reader))
                    {
                        return LineProblem.TooDeep;
                    }

                    break;
                case JsonTokenType.PropertyName:
                    if (reader.ValueIsEscaped && LineJson.HasLoneSurrogate(reader.ValueSpan))
                    {
                        return LineProblem.LoneSurrogate;
                    }

                    break;
                default:
                    if (reader.ValueIsEscaped && LineJson.HasLoneSurrogate(reader.ValueSpan))
                    {
                        return LineProblem.LoneSurrogate;
                    }

                    if (reader.CurrentDepth == depth)
                    {
                        return null;
                    }

                    break;
            }

            reader.Read();
        }
    }

    private static Field FieldOfLine(ReadOnlySpan<byte> name) => name switch
    {
        _ when name.SequenceEqual("custom_id"u8) => Field.CustomId,
        _ when name.SequenceEqual("method"u8) => Field.Method,
        _ when name.SequenceEqual("url"u8) => Field.Url,
        _ when name.SequenceEqual("body"u8) => Field.Body,
        _ => Field.Other,
    };

    private static Field FieldOfBody(ReadOnlySpan<byte> name) => name switch
    {
        _ when name.SequenceEqual("model"u8) => Field.Model,
        _ when name.SequenceEqual("stream"u8) => Field.Stream,
        _ => Field.Other,
    };

    private static void Keep(ref LineFields fields, Field field, LineField value)
    {
        switch (field)
        {
            case Field.CustomId:
                fields.CustomId = value;
                break;
            case Field.Method:
                fields.Method = value;
                break;
            case Field.Url:
                fields.Url = value;
                break;
            case Field.Body:
                fields.Body = value;
                break;
            case Field.Model:
                fields.Model = value;
                break;
            case Field.Stream:
                fields.Stream = value;
                break;
            default:
                break;
        }
    }

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

    private enum Field
    {
        Other,
        CustomId,
        Method,
        Url,
        Body,
        Model,
        Stream,
    }
}
