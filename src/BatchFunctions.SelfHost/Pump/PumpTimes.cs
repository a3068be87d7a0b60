namespace BatchFunctions.SelfHost.Pump;

/// <summary>Times of the queue trigger that <c>host.json</c> does not set.</summary>
internal sealed record PumpTimes
{
    /// <summary>How long a message stays away from others unless it is renewed, at half of that.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The first wait on an empty queue; each further one is twice as long.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How long handlers have to come to their end when the host stops.</summary>
    public TimeSpan ShutdownLimit { get; init; } = TimeSpan.FromSeconds(10);
}
