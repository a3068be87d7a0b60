namespace BatchFunctions.Telemetry;

/// <summary>What a process has to do with the upstream at a moment.</summary>
/// <param name="Share">The lines that it may have in flight.</param>
/// <param name="Limit">Those that all processes may have in flight, as it was last told; null where it has not been.</param>
/// <param name="InFlight">Lines in flight.</param>
/// <param name="Waiting">Lines of chunks that it works on, which wait for their turn, by project.</param>
internal sealed record UpstreamReading(int Share, int? Limit, int InFlight, IReadOnlyList<KeyValuePair<string, int>> Waiting)
{
    /// <summary>Who has no project of its own in <see cref="Largest"/>: no project has such a name.</summary>
    public const string Others = "(others)";

    /// <summary>What waits of those projects of which the most waits, the rest taken together.</summary>
    /// <param name="count">How many are told apart.</param>
    public IEnumerable<KeyValuePair<string, int>> Largest(int count)
    {
        var sorted = Waiting.OrderByDescending(static project => project.Value).ToList();
        return sorted.Count <= count
            ? sorted
            : sorted.Take(count).Append(new(Others, sorted.Skip(count).Sum(static project => project.Value)));
    }
}
