namespace BatchFunctions.Upstream;

/// <summary>The last thing that the upstream said about a line that has no answer to keep.</summary>
/// <param name="Status">The HTTP status; 0 where there was no answer.</param>
/// <param name="Message">The answer's own message, or what happened, cut to <see cref="MaxMessage"/> characters.</param>
internal sealed record LastAnswer(int Status, string Message)
{
    /// <summary>Characters that are kept of a message.</summary>
    public const int MaxMessage = 300;

    /// <summary>Whether another says the same, but for numbers in it: seconds to wait, what is used up.</summary>
    public bool IsLike(LastAnswer other) => Status == other.Status && WithoutDigits(Message) == WithoutDigits(other.Message);

    /// <summary>As a sentence of an error line's message.</summary>
    public override string ToString() => Status == 0
        ? $"The last attempt: {Message}"
        : FormattableString.Invariant($"The upstream's last answer was {Status}: {Message}");

    /// <summary>The beginning of what was answered, fit for a message: on one line, without control characters.</summary>
    public static string Excerpt(string text)
    {
        var cut = text.Length <= MaxMessage ? text : text[..MaxMessage] + "…";
        return string.Concat(cut.Select(c => char.IsControl(c) || char.IsSurrogate(c) ? ' ' : c)).Trim();
    }

    private static string WithoutDigits(string text) => string.Concat(text.Where(static c => !char.IsAsciiDigit(c)));
}
