using System.Text.Json;

namespace BatchFunctions.Lines;

/// <summary>
/// What a line of an output or error file says of its request: <c>custom_id</c>, the status of the answer, and the code of the error
/// where there is none. Everything else of the line is passed over.
/// </summary>
internal readonly record struct ResultLine
{
    /// <summary>The answer's HTTP status; null if the request was not answered.</summary>
    public int? Status { get; private init; }

    /// <summary>The error's code, in addition to an answer or in its place; null if there is none.</summary>
    public string? Code { get; private init; }

    /// <summary>Reads a line.</summary>
    /// <param name="line">The line, without its line ending.</param>
    /// <param name="scratch">Holds the <c>custom_id</c> if it was spelled with escapes.</param>
    /// <param name="customId">The request's <c>custom_id</c>, unescaped, in UTF-8.</param>
    /// <param name="result">What else the line says.</param>
    /// <returns>Whether the line is a result: a JSON object with a <c>custom_id</c>.</returns>
    public static bool TryRead(ReadOnlySpan<byte> line, Scratch scratch, out ReadOnlySpan<byte> customId, out ResultLine result)
    {
        customId = default;
        result = default;
        var isNamed = false;
        try
        {
            var reader = new Utf8JsonReader(line, LineJson.ReaderOptions);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return false;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("custom_id"u8))
                {
                    reader.Read();
                    if (reader.TokenType != JsonTokenType.String)
                    {
                        return false;
                    }

                    customId = reader.ValueIsEscaped ? scratch.Unescape(in reader) : reader.ValueSpan;
                    isNamed = true;
                }
                else if (reader.ValueTextEquals("response"u8))
                {
                    result = result with { Status = StatusIn(ref reader) };
                }
                else if (reader.ValueTextEquals("error"u8))
                {
                    result = result with { Code = CodeIn(ref reader) };
                }
                else
                {
                    reader.Read();
                    reader.Skip();
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a surrogate without its partner.
            return false;
        }

        return isNamed;
    }

    private static int? StatusIn(ref Utf8JsonReader reader)
    {
        int? status = null;
        while (NextOf(ref reader, "status_code"u8, out var isIt))
        {
            if (isIt && reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var number))
            {
                status = number;
            }

            reader.Skip();
        }

        return status;
    }

    private static string? CodeIn(ref Utf8JsonReader reader)
    {
        string? code = null;
        while (NextOf(ref reader, "code"u8, out var isIt))
        {
            if (isIt && reader.TokenType == JsonTokenType.String)
            {
                code = TextOf(in reader);
            }

            reader.Skip();
        }

        return code;
    }

    /// <summary>A string; null if it is no text.</summary>
    private static string? TextOf(in Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            // A surrogate without its partner.
            return null;
        }
    }

    /// <summary>Goes on to the next property's value within a value that should be an object; any other value has none.</summary>
    private static bool NextOf(ref Utf8JsonReader reader, ReadOnlySpan<byte> name, out bool isIt)
    {
        isIt = false;
        reader.Read();
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            reader.Skip();
            return false;
        }

        if (reader.TokenType == JsonTokenType.StartObject)
        {
            reader.Read();
        }

        if (reader.TokenType != JsonTokenType.PropertyName)
        {
            return false;
        }

        isIt = reader.ValueTextEquals(name);
        reader.Read();
        return true;
    }
}
