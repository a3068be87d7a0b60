namespace BatchFunctions.Upstream;

/// <summary>Tokens that answers reported, summed over lines.</summary>
internal readonly record struct TokenUsage(long Input, long CachedInput, long Output, long ReasoningOutput)
{
    public long Total => Input + Output;

    public static TokenUsage operator +(TokenUsage left, TokenUsage right) => new(
        left.Input + right.Input,
        left.CachedInput + right.CachedInput,
        left.Output + right.Output,
        left.ReasoningOutput + right.ReasoningOutput);
}
