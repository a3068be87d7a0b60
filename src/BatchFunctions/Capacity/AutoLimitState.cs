using System.Text.Json.Serialization;

namespace BatchFunctions.Capacity;

/// <summary>What <see cref="AutoLimit"/> knows, handed on from process to process: under a kilobyte of JSON.</summary>
internal sealed record AutoLimitState
{
    /// <summary>What is written today. What was written otherwise is begun anew.</summary>
    public const int CurrentVersion = 1;

    /// <summary>How many lines in flight an upstream that nothing is known of begins with.</summary>
    public const int FirstLimit = 4;

    /// <summary>The version that it was written in.</summary>
    [JsonPropertyName("v")]
    public int Version { get; init; } = CurrentVersion;

    /// <summary>The most lines in flight, of all processes together.</summary>
    [JsonPropertyName("limit")]
    public int Limit { get; init; } = FirstLimit;

    /// <summary>The trial that the limit is in force in; it grows with each.</summary>
    [JsonPropertyName("trial")]
    public int Trial { get; init; } = 1;

    /// <summary>Whether lines in flight have risen to the limit: what is sent before that meets fewer.</summary>
    [JsonPropertyName("full")]
    public bool IsFilled { get; init; }

    /// <summary>Whether more lines in flight have ever been seen to get more done.</summary>
    [JsonPropertyName("gained")]
    public bool HasGained { get; init; }

    /// <summary>
    /// Whether less got done at this limit than before, by lines of which some were sent before that: the trial tells by how much less.
    /// </summary>
    [JsonPropertyName("fell")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool HasFallen { get; init; }

    /// <summary>When the trial began.</summary>
    [JsonPropertyName("since")]
    public DateTimeOffset Since { get; init; }

    /// <summary>What the trial is for.</summary>
    [JsonPropertyName("phase")]
    public AutoLimitPhase Phase { get; init; } = AutoLimitPhase.Climb;

    /// <summary>What the trial is compared with; null while there is nothing.</summary>
    [JsonPropertyName("ref")]
    public Cohort? Reference { get; init; }

    /// <summary>From when on another limit may be tried though nothing has changed.</summary>
    [JsonPropertyName("probe")]
    public DateTimeOffset NextProbe { get; init; }

    /// <summary>Whether that will be a higher one.</summary>
    [JsonPropertyName("up")]
    public bool ProbesUp { get; init; }

    /// <summary>A limit that got no more done than a lower one, or less of it than it should; null where none is known.</summary>
    [JsonPropertyName("vain")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? InVain { get; init; }

    /// <summary>When that was seen.</summary>
    [JsonPropertyName("vain_at")]
    public DateTimeOffset InVainAt { get; init; }

    /// <summary>The state of an upstream that nothing is known of.</summary>
    public static AutoLimitState First(DateTimeOffset now) => new() { Since = now };

    /// <summary>The next trial.</summary>
    public AutoLimitState Try(AutoLimitPhase phase, int limit, Cohort? reference, DateTimeOffset now) =>
        this with
        {
            Trial = Trial + 1,
            Phase = phase,
            Limit = limit,
            IsFilled = IsFilled && limit == Limit,
            HasFallen = false,
            Reference = reference,
            Since = now,
        };
}
