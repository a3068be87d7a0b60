namespace BatchFunctions.Cli.Waiting;

/// <summary>How often a batch is polled.</summary>
internal sealed record PollTimes
{
    /// <summary>The first interval; each further one is longer.</summary>
    public TimeSpan First { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The longest interval.</summary>
    public TimeSpan Longest { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long to keep polling a service that does not answer.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(10);
}
