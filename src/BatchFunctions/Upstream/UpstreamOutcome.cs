using BatchFunctions.Lines;

namespace BatchFunctions.Upstream;

/// <summary>What came of sending a line.</summary>
/// <param name="Attempts">All attempts that the line has used so far, those of earlier runs included.</param>
internal abstract record UpstreamOutcome(int Attempts)
{
    /// <summary>
    /// A final answer: a success, a refusal that trying again would not change, or the last answer of a line that has
    /// used up its attempts.
    /// </summary>
    /// <param name="Attempts">All attempts used so far.</param>
    /// <param name="StatusCode">The HTTP status.</param>
    /// <param name="RequestId">The upstream's own id of the request, where it names one.</param>
    /// <param name="Body">
    /// The answer as JSON on one line; one that is no JSON, as a JSON string. The caller owns it: nothing is to be
    /// given back.
    /// </param>
    /// <param name="Usage">The tokens that the answer reports; zeros where it reports none.</param>
    /// <param name="NotJson">Whether the answer was no JSON.</param>
    internal sealed record Answered(
        int Attempts,
        int StatusCode,
        string? RequestId,
        ReadOnlyMemory<byte> Body,
        TokenUsage Usage,
        bool NotJson) : UpstreamOutcome(Attempts)
    {
        /// <summary>Whether the line belongs in the output file: a 2xx that is JSON.</summary>
        public bool IsSuccess => StatusCode is >= 200 and <= 299 && !NotJson;
    }

    /// <summary>The line has ended without an answer.</summary>
    /// <param name="Attempts">All attempts used so far.</param>
    /// <param name="Code">One of this type's constants: the <c>error.code</c> of the line in the error file.</param>
    /// <param name="Message">A sentence for the batch's owner. It names no address of the upstream's.</param>
    internal sealed record Failed(int Attempts, string Code, string Message) : UpstreamOutcome(Attempts)
    {
        /// <summary>The last attempt took longer than the time that one may take.</summary>
        public const string RequestTimeout = "request_timeout";

        /// <summary>The connection broke in the last attempt.</summary>
        public const string UpstreamUnreachable = "upstream_unreachable";

        /// <summary>The answer was larger than an answer may be.</summary>
        public const string ResponseTooLarge = "response_too_large";

        /// <summary>The answer cannot be read, or not be written down.</summary>
        public const string InvalidResponse = "invalid_response";

        /// <summary>Characters of an answer that a message shows.</summary>
        private const int LongestExcerpt = 300;

        /// <summary>The beginning of what was answered, fit for a message: on one line, without control characters.</summary>
        public static string Excerpt(string text)
        {
            var cut = text.Length <= LongestExcerpt ? text : text[..LongestExcerpt] + "…";
            return string.Concat(cut.Select(c => char.IsControl(c) || char.IsSurrogate(c) ? ' ' : c)).Trim();
        }
    }

    /// <summary>Nothing final yet, and nothing worth waiting for in memory: the line's chunk must wait in storage.</summary>
    /// <param name="Attempts">All attempts used so far.</param>
    /// <param name="Reason">Why.</param>
    /// <param name="Delay">How long to wait before the line is sent again.</param>
    internal sealed record Postponed(int Attempts, PostponeReason Reason, TimeSpan Delay) : UpstreamOutcome(Attempts);
}

/// <summary>Why a line waits in storage.</summary>
internal enum PostponeReason
{
    /// <summary>No connection could be made.</summary>
    Unreachable,

    /// <summary>The upstream refused the service's own key (401, 403): nothing that a line could help.</summary>
    OperatorFault,

    /// <summary>The upstream asked for a wait that is longer than a running chunk sits through.</summary>
    RetryAfter,
}
