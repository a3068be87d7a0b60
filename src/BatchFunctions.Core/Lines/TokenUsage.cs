using System.Text.Json;

namespace BatchFunctions.Lines;

/// <summary>
/// The token counts in an answer's <c>usage</c>, in the terms of a batch's own <c>usage</c>. Counts saturate: an
/// upstream that reports nonsense yields a large sum, never a negative one.
/// </summary>
/// <param name="Input"><c>input_tokens</c>, or <c>prompt_tokens</c>.</param>
/// <param name="CachedInput">Input tokens that came from a cache.</param>
/// <param name="Output"><c>output_tokens</c>, or <c>completion_tokens</c>.</param>
/// <param name="ReasoningOutput">Output tokens that were spent on reasoning.</param>
internal readonly record struct TokenUsage(long Input, long CachedInput, long Output, long ReasoningOutput)
{
    /// <summary>Input and output together.</summary>
    public long Total => Sum(Input, Output);

    /// <summary>The sum of two answers' tokens.</summary>
    public static TokenUsage operator +(TokenUsage left, TokenUsage right) => new(
        Sum(left.Input, right.Input),
        Sum(left.CachedInput, right.CachedInput),
        Sum(left.Output, right.Output),
        Sum(left.ReasoningOutput, right.ReasoningOutput));

    /// <summary>
    /// Reads the object behind <c>usage</c>, to its end. Missing values, and values that are not whole numbers, count as zero: a batch does
    /// not fail over its bookkeeping.
    /// </summary>
    /// <param name="reader">At the object's beginning.</param>
    public static TokenUsage Read(ref Utf8JsonReader reader)
    {
        TokenUsage usage = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("prompt_tokens"u8) || reader.ValueTextEquals("input_tokens"u8))
            {
                usage = usage with { Input = ReadCount(ref reader) };
            }
            else if (reader.ValueTextEquals("completion_tokens"u8) || reader.ValueTextEquals("output_tokens"u8))
            {
                usage = usage with { Output = ReadCount(ref reader) };
            }
            else if (reader.ValueTextEquals("prompt_tokens_details"u8) || reader.ValueTextEquals("input_tokens_details"u8))
            {
                usage = usage with { CachedInput = ReadDetail(ref reader, "cached_tokens"u8) };
            }
            else if (reader.ValueTextEquals("completion_tokens_details"u8) || reader.ValueTextEquals("output_tokens_details"u8))
            {
                usage = usage with { ReasoningOutput = ReadDetail(ref reader, "reasoning_tokens"u8) };
            }
            else
            {
                reader.Skip();
            }
        }

        return usage;
    }

    private static long ReadDetail(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        _ = reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return 0;
        }

        long count = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals(name))
            {
                count = ReadCount(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return count;
    }

    private static long ReadCount(ref Utf8JsonReader reader)
    {
        _ = reader.Read();
        if (reader.TokenType != JsonTokenType.Number)
        {
            reader.Skip();
            return 0;
        }

        // A whole number may be written with a decimal point or an exponent, and may not fit into a long.
        return reader.TryGetInt64(out var count) ? Math.Max(0, count)
            : reader.TryGetDouble(out var number) && number > 0 && Math.Floor(number) == number ? Saturated(number)
            : 0;
    }

    private static long Saturated(double number) => number >= long.MaxValue ? long.MaxValue : (long)number;

    // None of the counts is negative.
    private static long Sum(long left, long right) => left <= long.MaxValue - right ? left + right : long.MaxValue;
}
