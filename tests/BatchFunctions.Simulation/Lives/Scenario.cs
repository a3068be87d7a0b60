namespace BatchFunctions.Simulation.Lives;

/// <summary>
/// What a life is about, where that is not all that may come (<see cref="Scenarios"/>): nothing else goes wrong in it, but for what the upstream does, the receiver and clients. Chance
/// alone comes to such a situation too seldom.
/// </summary>
/// <param name="Ambushes">What befalls whoever comes to a certain point.</param>
internal sealed record Scenario(params IReadOnlyList<Ambush> Ambushes)
{
    /// <summary>Whether no worker comes to harm, and no request to storage but for what its repetition makes good.</summary>
    public bool IsGentle { get; init; }

    /// <summary>Whether nobody stands still.</summary>
    public bool IsPrompt { get; init; }

    public int LeastWorkers { get; init; } = 1;

    public int MostWorkers { get; init; } = 4;

    public int MostBatches { get; init; } = 3;

    /// <summary>When the life becomes calm at the earliest.</summary>
    public TimeSpan LeastCalmAt { get; init; }

    /// <summary>Whether a worker may sweep when it starts.</summary>
    public bool HasSweepsAtStart { get; init; } = true;

    /// <summary>How long a line takes at most, in seconds; null where chance decides.</summary>
    public double? SlowestLine { get; init; }

    /// <summary>How many lines a chunk has; null where chance decides.</summary>
    public int? ChunkLines { get; init; }

    /// <summary>How often there is a sweep; null where chance decides.</summary>
    public TimeSpan? SweepInterval { get; init; }

    /// <summary>When the upstream answers nobody; null where chance decides.</summary>
    public IReadOnlyList<(TimeSpan From, TimeSpan Until)>? UpstreamAway { get; init; }

    /// <summary>Until when the receiver takes no event.</summary>
    public TimeSpan ReceiverAwayUntil { get; init; }

    /// <summary>How long after the life has become calm all events are taken; null where that is open.</summary>
    public TimeSpan? ToldAfter { get; init; }

    /// <summary>What else is planned of a batch.</summary>
    public Func<BatchPlan, BatchPlan> Change { get; init; } = static batch => batch;
}
