namespace BatchFunctions.Fleet;

/// <summary>What a process has to send to an upstream.</summary>
/// <param name="InFlight">Lines in flight.</param>
/// <param name="Projects">Lines in flight and at hand, by project.</param>
internal sealed record ShareDemand(int InFlight, IReadOnlyList<ProjectDemand> Projects)
{
    /// <summary>Whether nobody of the process gets through.</summary>
    public bool IsAway => AwaySince is not null;

    /// <summary>Since when nobody of the process gets through; null while lines do.</summary>
    public DateTimeOffset? AwaySince { get; init; }

    /// <summary>What was met last while nobody gets through.</summary>
    public string? AwayReason { get; init; }

    /// <summary>Since when lines of the process have gone through, if one has lately.</summary>
    public DateTimeOffset? ThroughSince { get; init; }

    /// <summary>Lines in flight and at hand.</summary>
    public int Lines => Projects.Sum(static project => project.Lines);

    /// <summary>Whether there is nothing to send, and nothing on its way.</summary>
    public bool IsNothing => InFlight == 0 && Lines == 0;
}
