namespace BatchFunctions.Telemetry;

/// <summary>What a process has to do with an upstream at a moment.</summary>
/// <param name="Share">The lines that it may have in flight.</param>
/// <param name="Limit">Those that all processes may have in flight, as it was last told; null where it has not been.</param>
/// <param name="InFlight">Lines in flight.</param>
/// <param name="Waiting">Lines of chunks that it works on, which wait for their turn.</param>
internal sealed record UpstreamReading(int Share, int? Limit, int InFlight, IReadOnlyList<UpstreamWaiting> Waiting)
{
    /// <summary>Who has no project or model of its own in <see cref="Largest"/>: none has such a name.</summary>
    public const string Others = "(others)";

    /// <summary>The model of batches whose lines name several, or none.</summary>
    public const string Several = "(several)";

    /// <summary>What waits of those projects and models of which the most waits, the rest taken together.</summary>
    /// <param name="count">How many are told apart.</param>
    public IEnumerable<UpstreamWaiting> Largest(int count)
    {
        var sorted = Waiting.OrderByDescending(static one => one.Lines).ToList();
        return sorted.Count <= count
            ? sorted
            : sorted.Take(count).Append(new(Others, Others, sorted.Skip(count).Sum(static one => one.Lines)));
    }
}

/// <summary>Lines of a project that wait for their turn.</summary>
/// <param name="Project">The project.</param>
/// <param name="Model">The model that all lines of their batches name; null where they differ.</param>
/// <param name="Lines">How many there are.</param>
internal sealed record UpstreamWaiting(string Project, string? Model, int Lines);
