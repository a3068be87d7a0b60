namespace BatchFunctions.SelfHost.Pump;

/// <summary>The times of the queue trigger that <c>host.json</c> does not set.</summary>
internal sealed record PumpTimes
{
    /// <summary>How long a fetched message stays invisible; this is renewed when half of it has passed.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The first wait on an empty queue; each further wait is twice as long.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// How many times as long as <c>maxPollingInterval</c> a wait on an empty queue gets in the end. The bell tells of what this process
    /// sends, so only messages of other processes are found later, on a queue that had none for some ten seconds.
    /// </summary>
    public int IdleFactor { get; init; } = 4;

    /// <summary>How long handlers may take to return when the host stops.</summary>
    public TimeSpan ShutdownLimit { get; init; } = TimeSpan.FromSeconds(10);
}
