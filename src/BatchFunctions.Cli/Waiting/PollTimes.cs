namespace BatchFunctions.Cli.Waiting;

/// <summary>How often a batch is asked for while it is waited for.</summary>
internal sealed record PollTimes
{
    /// <summary>The first gap; each is longer than the one before it.</summary>
    public TimeSpan First { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The longest gap.</summary>
    public TimeSpan Longest { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>For how long a service that does not answer is asked again.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(10);
}
