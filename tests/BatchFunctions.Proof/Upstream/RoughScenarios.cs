using BatchFunctions.Testing;

namespace BatchFunctions.Proof.Upstream;

/// <summary>What real upstreams do, each by itself, and an hour of it all.</summary>
internal static class RoughScenarios
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly Uri Elsewhere = new("https://elsewhere.example/v1/chat/completions");

    private static readonly IReadOnlyDictionary<string, string?> OneAtATime =
        new Dictionary<string, string?> { ["Batch:Upstream:Concurrency"] = "1" };

    private static readonly (string Name, Func<ScriptedAnswer> Answer)[] WaysToBeAway =
    [
        ("503", () => ScriptedAnswer.Error(503, "Loading model")),
        ("429", () => ScriptedAnswer.Error(429, "Rate limit reached")),
        ("500", () => ScriptedAnswer.Text("<h1>Internal Server Error</h1>").WithStatus(500)),
        ("401", () => ScriptedAnswer.Error(401, "Invalid key")),
        ("307", () => ScriptedAnswer.Redirect(Elsewhere)),
        ("reset", ScriptedAnswer.ConnectionReset),
        ("refused", ScriptedAnswer.ConnectionRefused),
    ];

    public static IReadOnlyList<RoughScenario> All { get; } =
    [
        .. WaysToBeAway.Select(way => Away($"away-{way.Name}-first", 500, TimeSpan.Zero, way.Answer)),
        .. WaysToBeAway.Select(way => Away($"away-{way.Name}", 3000, 20 * Second, way.Answer)),
        Restart("restart-5", 5 * Second),
        Restart("restart-30", 30 * Second),
        Restart("restart-90", 90 * Second),
        Rate("rate", answer => answer),
        Rate("rate-retry-after", answer => answer.RetryAfter(1)),
        new("day", 50, (call, _) => call.At < TimeSpan.FromHours(10) ? ScriptedAnswer.Error(429).RetryAfter(86_400) : Ok(call))
        {
            Away = (TimeSpan.Zero, TimeSpan.FromHours(10)),
        },
        new("flagged", 400, (call, _) => call.Line == 0 ? ScriptedAnswer.Error(403, "Your request was flagged.") : Ok(call))
        {
            IsAtFault = line => line == 0,
        },
        new("flagged-one-at-a-time", 400, (call, _) => call.Line == 0 ? ScriptedAnswer.Error(403, "Your request was flagged.") : Ok(call))
        {
            IsAtFault = line => line == 0,
            Settings = OneAtATime,
        },
        TooLarge("too-large", answer => answer),
        TooLarge("too-large-retry-after", answer => answer.RetryAfter(60)),
        TooLarge("too-large-one-at-a-time", answer => answer) with { Settings = OneAtATime },
        new("lying-label", 400, (call, _) => call.Line == 7 ? Ok(call).WithHeader("Content-Encoding", "br") : Ok(call))
        {
            IsAtFault = line => line == 7,
        },
        new("does-not-support", 128, (_, _) => ScriptedAnswer.Error(501, "This model does not support embeddings"))
        {
            IsAtFault = _ => true,
        },
        new("same-words", 128, (_, _) => ScriptedAnswer.Error(500, "image input is not supported"))
        {
            IsAtFault = _ => true,
        },
        Killer("killer", 300, 150),
        Killer("killer-last", 300, 299),
        new("overload", 600, (call, _) => Ok(call))
        {
            // A queue of its own, which the client's time limit knows nothing of.
            Latency = (_, server) => server.InFlight * 2 * Second,
            Settings = new Dictionary<string, string?> { ["Batch:Upstream:Timeout"] = "00:01:00" },
        },
        new("hour", 5000, HourOf)
        {
            Latency = (call, server) =>
                call.Line % 500 == 3 ? 40 * Second : IsIn(call, 10, 14) ? server.InFlight * 10 * Second : 5 * Second,
            IsAtFault = line => IsFlagged(line) || IsMalformed(line) || IsMislabelled(line) || line == Fatal,
            Settings = new Dictionary<string, string?>
            {
                ["Batch:Upstream:Concurrency"] = "8",
                ["Batch:Upstream:Timeout"] = "00:01:00",

                // Looked at less often than shipped, since each look costs this machine time and the scenario an hour of them.
                ["Batch:Lease"] = "00:01:00",
                ["Batch:StatusPoll"] = "00:00:10",
                ["Batch:Checkpoint"] = "00:00:20",
            },
        },
    ];

    private static int Fatal => 2500;

    private static ScriptedAnswer Ok(RoughCall call) => ScriptedAnswer.Chat($"answer to call {call.Number} of line {call.Line}");

    private static RoughScenario Away(string name, int lines, TimeSpan from, Func<ScriptedAnswer> answer)
    {
        var away = (from, from + Minute);
        return new RoughScenario(name, lines, (call, _) => call.At >= away.Item1 && call.At < away.Item2 ? answer() : Ok(call))
        {
            Away = away,
        };
    }

    private static RoughScenario Restart(string name, TimeSpan down)
    {
        var died = false;
        return new RoughScenario(name, 1000, (call, server) =>
        {
            if (!died && call.At >= 5 * Second)
            {
                died = true;
                server.Die(call.At, down);
                return ScriptedAnswer.ConnectionReset();
            }

            return Ok(call);
        })
        {
            Away = (5 * Second, (5 * Second) + down),
        };
    }

    private static RoughScenario Rate(string name, Func<ScriptedAnswer, ScriptedAnswer> with) =>
        new(name, 500, (call, server) => server.IsWithin("second", 5, Second, call.At) ? Ok(call) : with(ScriptedAnswer.Error(429)))
        {
            Limit = 5,
        };

    /// <summary>A request that is larger than all that a provider gives in a minute: it says so as it says that the minute is used up.</summary>
    private static RoughScenario TooLarge(string name, Func<ScriptedAnswer, ScriptedAnswer> with) =>
        new(name, 400, (call, _) => call.Line == 0 ? with(ScriptedAnswer.Error(429, "Request too large for this model: limit 30000, requested 48000")) : Ok(call))
        {
            IsAtFault = line => line == 0,
        };

    private static RoughScenario Killer(string name, int lines, int killer) => new(name, lines, (call, server) =>
    {
        if (call.Line != killer)
        {
            return Ok(call);
        }

        server.Die(call.At, 20 * Second);
        return ScriptedAnswer.ConnectionReset();
    })
    {
        IsAtFault = line => line == killer,
    };

    /// <summary>An hour of everything, by the minute.</summary>
    private static ScriptedAnswer HourOf(RoughCall call, RoughServer server)
    {
        if (call.Line == Fatal && !IsIn(call, 0, 1))
        {
            server.Die(call.At, 20 * Second);
            return ScriptedAnswer.ConnectionReset();
        }

        return IsIn(call, 0, 1) ? ScriptedAnswer.Error(503, "Loading model")
            : IsIn(call, 3, 5) && !server.IsWithin("second", 1, Second, call.At) ? ScriptedAnswer.Error(429)
            : IsIn(call, 5, 8) && !server.IsWithin("minute", 40, Minute, call.At) ? ScriptedAnswer.Error(429).RetryAfter(20)
            : IsIn(call, 8, 9) ? ScriptedAnswer.ConnectionReset()
            : IsIn(call, 15, 16) ? ScriptedAnswer.Error(529, "Overloaded")
            : IsIn(call, 18, 19) ? ScriptedAnswer.ConnectionRefused()
            : IsIn(call, 22, 23) ? ScriptedAnswer.Text("<h1>Internal Server Error</h1>").WithStatus(500)
            : IsIn(call, 26, 27) ? ScriptedAnswer.Error(401, "Invalid key")
            : IsIn(call, 30, 31) ? ScriptedAnswer.Redirect(Elsewhere)
            : IsIn(call, 35, 50) && call.Line % 7 == 0 && call.Number == 1 ? ScriptedAnswer.Error(502, "Bad gateway")
            : IsIn(call, 35, 50) && call.Line % 11 == 0 && call.Number == 1 ? Ok(call).CutOff()
            : IsFlagged(call.Line) ? ScriptedAnswer.Error(403, "Your request was flagged.")
            : IsMalformed(call.Line) ? ScriptedAnswer.Error(400, "messages must not be empty")
            : IsMislabelled(call.Line) ? Ok(call).WithHeader("Content-Encoding", "gzip")
            : Ok(call);
    }

    private static bool IsIn(RoughCall call, int from, int to) => call.At >= from * Minute && call.At < to * Minute;

    private static bool IsFlagged(int line) => line % 997 == 5;

    private static bool IsMalformed(int line) => line % 991 == 6;

    private static bool IsMislabelled(int line) => line % 983 == 8;
}
