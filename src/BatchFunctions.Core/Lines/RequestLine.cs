using System.Text.Json;

namespace BatchFunctions.Lines;

/// <summary>A line that has passed <see cref="LineChecker"/>, parsed for sending.</summary>
/// <param name="CustomId">The line's <c>custom_id</c>, without escapes.</param>
/// <param name="Body">The request's body: a slice of the line, byte for byte what was checked.</param>
/// <param name="Model">Where the body's <c>model</c> stands.</param>
internal readonly record struct RequestLine(string CustomId, ReadOnlyMemory<byte> Body, ModelPlace Model)
{
    /// <summary>Opens a line.</summary>
    /// <exception cref="InvalidDataException">
    /// The line is not a valid request: the file is not the one that was checked.
    /// </exception>
    public static RequestLine Parse(ReadOnlyMemory<byte> line)
    {
        string? customId = null;
        ReadOnlyMemory<byte> body = default;
        ModelPlace model = default;
        try
        {
            var reader = new Utf8JsonReader(line.Span, LineJson.ReaderOptions);
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isCustomId = reader.ValueTextEquals("custom_id"u8);
                var isBody = reader.ValueTextEquals("body"u8);
                reader.Read();
                var start = (int)reader.TokenStartIndex;
                if (isCustomId)
                {
                    customId = reader.GetString();
                }

                if (isBody)
                {
                    model = FindModel(ref reader, start);
                    body = line[start..(int)reader.BytesConsumed];
                }

                reader.Skip();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException("A line of the batch's input is no request that was checked.", e);
        }

        return customId is null || body.IsEmpty
            ? throw new InvalidDataException("A line of the batch's input is no request that was checked.")
            : new RequestLine(customId, body, model);
    }

    /// <summary>Reads a body to its end, and notes on the way where its model stands.</summary>
    private static ModelPlace FindModel(ref Utf8JsonReader reader, int bodyStart)
    {
        ModelPlace found = default;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return found;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isModel = reader.ValueTextEquals("model"u8);
            reader.Read();
            if (isModel && reader.TokenType == JsonTokenType.String)
            {
                found = new ModelPlace((int)reader.TokenStartIndex - bodyStart, (int)(reader.BytesConsumed - reader.TokenStartIndex), reader.ValueIsEscaped);
            }

            reader.Skip();
        }

        return found;
    }
}
