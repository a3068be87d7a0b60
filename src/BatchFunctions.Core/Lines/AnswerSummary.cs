using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace BatchFunctions.Lines;

/// <summary>What the service itself reads of an answer, in one pass over it.</summary>
/// <param name="Usage">The tokens that it reports; zeros where it reports none.</param>
/// <param name="ErrorStatus">
/// The HTTP status that it should have had, where it has nothing but an error to tell, whatever status it came with: gateways that have begun
/// to answer cannot take their 200 back. The error's own <c>code</c> where that is one, else 500. Null for any other answer.
/// </param>
internal readonly record struct AnswerSummary(TokenUsage Usage, int? ErrorStatus)
{
    private static readonly JsonReaderOptions AnyDepth = new() { MaxDepth = int.MaxValue };

    /// <summary>Reads an answer.</summary>
    /// <param name="json">Valid JSON, with a byte order mark or without; names in it may contain escaped unpaired surrogates.</param>
    public static AnswerSummary Read(in ReadOnlySequence<byte> json)
    {
        try
        {
            return ReadValid(json);
        }
        catch (InvalidOperationException)
        {
            // A name with an unpaired surrogate cannot be decoded: the answer is kept as it is, and its tokens are not
            // counted.
            return default;
        }
    }

    private static AnswerSummary ReadValid(in ReadOnlySequence<byte> json)
    {
        var reader = new Utf8JsonReader(json.FirstSpan.StartsWith("\uFEFF"u8) ? json.Slice(3) : json, AnyDepth);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return default;
        }

        TokenUsage usage = default;
        int? error = null;
        var hasResult = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isUsage = reader.ValueTextEquals("usage"u8);
            var isError = !isUsage && reader.ValueTextEquals("error"u8);
            var isResult = !isUsage && !isError && IsResult(reader);
            _ = reader.Read();
            if (isUsage && reader.TokenType == JsonTokenType.StartObject)
            {
                usage = TokenUsage.Read(ref reader);
            }
            else if (isError && reader.TokenType == JsonTokenType.StartObject)
            {
                error = ReadStatus(ref reader);
            }
            else
            {
                hasResult |= isResult && reader.TokenType != JsonTokenType.Null;
                reader.Skip();
            }
        }

        return new AnswerSummary(usage, hasResult ? null : error);
    }

    /// <summary>Whether a property is what somebody asked for, at one of the endpoints that lines go to.</summary>
    private static bool IsResult(in Utf8JsonReader reader) =>
        reader.ValueTextEquals("choices"u8) || reader.ValueTextEquals("data"u8) || reader.ValueTextEquals("output"u8) || reader.ValueTextEquals("results"u8);

    private static int ReadStatus(ref Utf8JsonReader reader)
    {
        var status = 500;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isCode = reader.ValueTextEquals("code"u8);
            _ = reader.Read();
            var code = 0;
            var isNumber = isCode && reader.TokenType switch
            {
                JsonTokenType.Number => reader.TryGetInt32(out code),
                JsonTokenType.String => int.TryParse(reader.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out code),
                _ => false,
            };
            status = isNumber && code is >= 400 and <= 599 ? code : status;
            reader.Skip();
        }

        return status;
    }
}
