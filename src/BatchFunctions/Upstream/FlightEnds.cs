using BatchFunctions.Capacity;

namespace BatchFunctions.Upstream;

/// <summary>What a reply says about what the upstream can take.</summary>
internal static class FlightEnds
{
    /// <summary>How the line ended, and the work that it was.</summary>
    public static (FlightEnd End, double Work) Of(Reply reply) => reply switch
    {
        Reply.Answer { StatusCode: >= 200 and <= 299 } answer => (FlightEnd.Through, WorkOf(answer.Body)),
        Reply.Answer { StatusCode: 429 or 503 } => (FlightEnd.Refused, 0),
        Reply.TimedOut => (FlightEnd.TimedOut, 0),
        _ => (FlightEnd.Untold, 0),
    };

    /// <summary>The tokens that it has cost; null where there is no answer.</summary>
    public static long? TokensOf(Reply reply) => reply is Reply.Answer answer ? answer.Body.Usage.Input + answer.Body.Usage.Output : null;

    private static double WorkOf(AnswerBody body) => FlightRecord.WorkOf(body.Usage.Input, body.Usage.Output, body.Bytes);
}
