using System.Text.Json.Serialization;

namespace BatchFunctions.Capacity;

/// <summary>
/// What a process has seen of the lines that it sent in one trial, while the limit stayed the same. It adds up over processes, and
/// takes a few hundred bytes at most, however many lines there were.
/// </summary>
internal sealed record FlightSummary
{
    /// <summary>Nothing seen.</summary>
    public static FlightSummary Empty { get; } = new();

    /// <summary>The trial.</summary>
    [JsonPropertyName("t")]
    public int Trial { get; init; }

    /// <summary>Lines in flight now, of whichever trial.</summary>
    [JsonPropertyName("n")]
    public int InFlight { get; init; }

    /// <summary>
    /// Lines in flight, of whichever trial, on average since the trial's first was sent: what its lines have met. Zero where an
    /// earlier version does not say.
    /// </summary>
    [JsonPropertyName("m")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public double Met { get; init; }

    /// <summary>Lines sent in the trial.</summary>
    [JsonPropertyName("s")]
    public int Sent { get; init; }

    /// <summary>Lines of the trial that were refused (429, 503) or timed out.</summary>
    [JsonPropertyName("r")]
    public int Refused { get; init; }

    /// <summary>Lines a second that went through in the last half minute, of whichever trial. An earlier version does not say.</summary>
    [JsonPropertyName("q")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public double Rate { get; init; }

    /// <summary>How long those took that went through, against their work.</summary>
    [JsonPropertyName("fit")]
    public WorkFit Fit { get; init; }

    /// <summary>How long those took that went through.</summary>
    [JsonPropertyName("e")]
    public LogHistogram Ended { get; init; } = LogHistogram.Empty;

    /// <summary>How long those of the trial have been in flight that still are, or were until they ended in another way.</summary>
    [JsonPropertyName("f")]
    public LogHistogram Flying { get; init; } = LogHistogram.Empty;

    /// <summary>Both together; of the same trial.</summary>
    public FlightSummary Plus(FlightSummary other) => new()
    {
        Trial = other.Trial,
        InFlight = InFlight + other.InFlight,
        Met = Met + other.Met,
        Sent = Sent + other.Sent,
        Refused = Refused + other.Refused,
        Rate = Rate + other.Rate,
        Fit = Fit.Plus(other.Fit),
        Ended = Ended.Plus(other.Ended),
        Flying = Flying.Plus(other.Flying),
    };
}
