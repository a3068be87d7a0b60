using System.Runtime.CompilerServices;
using System.Text.Json;

namespace BatchFunctions.Lines;

/// <summary>The properties of a line that matter here, as positions in the line. A missing property is empty.</summary>
internal ref struct LineFields(ReadOnlySpan<byte> line)
{
    private readonly ReadOnlySpan<byte> _line = line;
    private Places _places;

    public readonly LineField CustomId => At(Part.CustomId);

    public readonly LineField Method => At(Part.Method);

    public readonly LineField Url => At(Part.Url);

    public readonly LineField Body => At(Part.Body);

    public readonly LineField Model => At(Part.Model);

    public readonly LineField Stream => At(Part.Stream);

    /// <summary>Records where a part is.</summary>
    public void Set(Part part, JsonTokenType type, int start, int end, bool escaped) =>
        _places[(int)part] = new Place(start, end, type, escaped);

    private readonly LineField At(Part part)
    {
        var place = _places[(int)part];
        return new LineField(place.Type, _line[place.Start..place.End], place.Escaped);
    }

    /// <summary>The parts; each has its own bit in the mask of parts already seen.</summary>
    internal enum Part : byte
    {
        Other,
        CustomId,
        Method,
        Url,
        Body,
        Model,
        Stream,
    }

    private readonly record struct Place(int Start, int End, JsonTokenType Type, bool Escaped);

    [InlineArray(7)]
    private struct Places
    {
        private Place _first;
    }
}

/// <summary>
/// A value within a line, as it is spelled there: a string with its quotes and escapes, an object or array by its
/// opening bracket alone.
/// </summary>
internal readonly ref struct LineField(JsonTokenType type, ReadOnlySpan<byte> spelled, bool escaped)
{
    private readonly ReadOnlySpan<byte> _spelled = spelled;
    private readonly bool _escaped = escaped;

    /// <summary>
    /// The type of the value's first token; <see cref="JsonTokenType.None"/> if the line has no such property.
    /// </summary>
    public JsonTokenType Type { get; } = type;

    /// <summary>Whether the value is this string.</summary>
    public bool Is(ReadOnlySpan<byte> text)
    {
        if (Type != JsonTokenType.String)
        {
            return false;
        }

        if (!_escaped)
        {
            return _spelled[1..^1].SequenceEqual(text);
        }

        var reader = Open();
        return reader.ValueTextEquals(text);
    }

    /// <summary>
    /// The unescaped text of a string, in UTF-8; <paramref name="scratch"/> is used only if there are escapes.
    /// </summary>
    public ReadOnlySpan<byte> Text(Scratch scratch)
    {
        if (!_escaped)
        {
            return _spelled[1..^1];
        }

        var reader = Open();
        return scratch.Unescape(in reader);
    }

    /// <summary>The value's type with its article, in the words of OpenAI's messages.</summary>
    public string Kind() => Type switch
    {
        JsonTokenType.String => "a string",
        JsonTokenType.Number => _spelled.IndexOfAny(".eE"u8) < 0 ? "an integer" : "a decimal",
        JsonTokenType.True or JsonTokenType.False => "a boolean",
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        _ => "null",
    };

    private Utf8JsonReader Open()
    {
        var reader = new Utf8JsonReader(_spelled);
        reader.Read();
        return reader;
    }
}

/// <summary>A reusable buffer for one unescaped string.</summary>
internal sealed class Scratch
{
    private const int KeptBytes = 16 * 1024;
    private byte[] _bytes = new byte[1024];

    /// <summary>The string at the reader's position, unescaped; valid until the next call.</summary>
    public ReadOnlySpan<byte> Unescape(scoped in Utf8JsonReader reader)
    {
        var most = reader.ValueSpan.Length;
        var bytes = _bytes;
        if (bytes.Length < most)
        {
            bytes = new byte[most];
            if (most <= KeptBytes)
            {
                _bytes = bytes;
            }
        }

        return bytes.AsSpan(0, reader.CopyString(bytes));
    }
}
