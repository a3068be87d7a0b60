using BatchFunctions.Lines;

namespace BatchFunctions.Upstream;

/// <summary>What came of sending a line.</summary>
internal abstract record UpstreamOutcome : IDisposable
{
    /// <summary>What a line has come to whose last reply is final.</summary>
    /// <param name="line">The line.</param>
    /// <param name="reply">The reply.</param>
    /// <param name="upstream">The upstream that gave it.</param>
    public static UpstreamOutcome Of(LineHistory line, Reply reply, UpstreamEntry upstream) => reply switch
    {
        Reply.Answer answer => new Answered(
            answer.StatusCode,
            answer.RequestId,
            answer.Body,
            answer.Body.Usage),
        Reply.TooLarge => new Failed(
            Failed.ResponseTooLarge,
            $"The upstream's response is larger than {upstream.Options.MaxResponseBytes} bytes."),
        Reply.TimedOut => new Failed(
            Failed.RequestTimeout,
            $"The upstream did not respond within {upstream.Options.Timeout.TotalSeconds:0.###} seconds."),
        Reply.Garbled garbled => new Failed(
            Failed.InvalidResponse,
            $"The upstream's response (status {garbled.StatusCode}) was cut off or cannot be decoded. It begins: {LastAnswer.Excerpt(garbled.Received)}"),
        _ => new Failed(
            Failed.UpstreamUnreachable,
            $"The connection to the upstream broke {line.Breaks} times before a response came, in the end with this request alone in flight, each time to an upstream that had answered just before."),
    };

    /// <summary>Gives up what it holds.</summary>
    public virtual void Dispose()
    {
    }

    /// <summary>
    /// A final answer: a success, a refusal that trying again would not change, or the last answer of a line that has
    /// used up its attempts.
    /// </summary>
    /// <param name="StatusCode">The HTTP status.</param>
    /// <param name="RequestId">The upstream's own id of the request, where it names one.</param>
    /// <param name="Body">The answer's body, which can be written once.</param>
    /// <param name="Usage">The tokens that the answer reports; zeros where it reports none.</param>
    internal sealed record Answered(int StatusCode, string? RequestId, AnswerBody Body, TokenUsage Usage) : UpstreamOutcome
    {
        /// <summary>Whether the line belongs in the output file: a 2xx that is JSON.</summary>
        public bool IsSuccess => StatusCode is >= 200 and <= 299 && !Body.NotJson;

        public override void Dispose()
        {
            base.Dispose();
            Body.Dispose();
        }
    }

    /// <summary>The line has ended without an answer.</summary>
    /// <param name="Code">One of this type's constants: the <c>error.code</c> of the line in the error file.</param>
    /// <param name="Message">A sentence for the batch's owner. It names no address of the upstream's.</param>
    internal sealed record Failed(string Code, string Message) : UpstreamOutcome
    {
        /// <summary>The last attempt took longer than the time that one may take.</summary>
        public const string RequestTimeout = "request_timeout";

        /// <summary>The answer was cut off, cannot be decoded, or cannot be written down.</summary>
        public const string InvalidResponse = "invalid_response";

        /// <summary>The line breaks the connection whenever it is sent.</summary>
        public const string UpstreamUnreachable = "upstream_unreachable";

        /// <summary>The answer was larger than an answer may be.</summary>
        public const string ResponseTooLarge = "response_too_large";
    }

    /// <summary>Nothing final yet, and nothing worth waiting for in memory: the line must wait in storage.</summary>
    /// <param name="Line">What is known of the line.</param>
    /// <param name="Delay">How long to wait before the line is sent again.</param>
    internal sealed record Postponed(LineState Line, TimeSpan Delay) : UpstreamOutcome
    {
        /// <inheritdoc cref="GateAnswer.IsAway"/>
        public bool IsAway { get; init; }
    }
}
