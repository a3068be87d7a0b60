namespace BatchFunctions.Testing.Simulation;

/// <summary>A clock that the simulation sets. Nobody waits on it.</summary>
internal sealed class SimulatedTime : TimeProvider
{
    private static readonly DateTimeOffset Began = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Seconds since the simulation began.</summary>
    public double Seconds { get; set; }

    public override DateTimeOffset GetUtcNow() => At(Seconds);

    public static double SecondsOf(DateTimeOffset time) => (time - Began).TotalSeconds;

    private static DateTimeOffset At(double seconds) => Began + TimeSpan.FromTicks((long)Math.Round(seconds * TimeSpan.TicksPerSecond));
}
