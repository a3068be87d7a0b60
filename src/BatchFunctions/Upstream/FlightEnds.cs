using BatchFunctions.Capacity;

namespace BatchFunctions.Upstream;

/// <summary>What a reply says about what the upstream can take.</summary>
internal static class FlightEnds
{
    /// <summary>How the line ended, and the work that it was.</summary>
    /// <param name="reply">The reply.</param>
    /// <param name="isTimeOut">Whether the line took longer than it may, here or at a gateway.</param>
    public static (FlightEnd End, double Work) Of(Reply reply, bool isTimeOut) => reply switch
    {
        _ when isTimeOut => (FlightEnd.TimedOut, 0),
        Reply.Answer { StatusCode: >= 200 and <= 299 } answer => (FlightEnd.Through, WorkOf(answer.Body)),
        Reply.Answer { StatusCode: 429 or 503 } => (FlightEnd.Refused, 0),
        _ => (FlightEnd.Untold, 0),
    };

    /// <summary>The tokens that a success has cost; null where it does not tell.</summary>
    public static long? TokensOf(Reply reply) => reply is Reply.Answer { Body.Usage.Total: > 0 and var tokens } ? tokens : null;

    private static double WorkOf(AnswerBody body) => FlightRecord.WorkOf(body.Usage.Input, body.Usage.Output, body.Bytes);
}
