using System.Globalization;

namespace BatchFunctions.Upstream;

/// <summary>What one attempt came to, before anything is decided about it.</summary>
internal abstract record Reply
{
    /// <summary>What metrics and traces call it: the status that was answered, or the way that the attempt failed.</summary>
    public string Name => this switch
    {
        Answer answer => answer.StatusCode.ToString(CultureInfo.InvariantCulture),
        TooLarge => "too_large",
        TimedOut => "timeout",
        Garbled => "garbled",
        Broken => "broken",
        _ => "unreachable",
    };

    /// <summary>The upstream answered, to the answer's last byte.</summary>
    internal sealed record Answer(int StatusCode, string? RequestId, AnswerBody Body, TimeSpan? RetryAfter) : Reply;

    /// <summary>The answer was larger than an answer may be.</summary>
    internal sealed record TooLarge : Reply;

    /// <summary>The attempt took longer than one may take.</summary>
    internal sealed record TimedOut : Reply;

    /// <summary>The upstream answered, and its answer cannot be decoded or read, whatever the reason.</summary>
    /// <param name="StatusCode">The HTTP status.</param>
    /// <param name="Received">The first of what came, as text.</param>
    internal sealed record Garbled(int StatusCode, string Received) : Reply;

    /// <summary>The connection was there, and broke.</summary>
    internal sealed record Broken(Exception Cause) : Reply;

    /// <summary>There was no connection to be had, so nothing has been sent.</summary>
    internal sealed record Unreachable(Exception Cause) : Reply;
}
