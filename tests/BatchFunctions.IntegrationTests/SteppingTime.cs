namespace BatchFunctions.IntegrationTests;

/// <summary>The machine's clock, on which a test lets time pass each time that a length of time is measured.</summary>
internal sealed class SteppingTime : TimeProvider
{
    private long _passed;

    /// <summary>What passes at each look.</summary>
    public TimeSpan Step { get; set; }

    public override long GetTimestamp() =>
        base.GetTimestamp() + (Interlocked.Add(ref _passed, Step.Ticks) * TimestampFrequency / TimeSpan.TicksPerSecond);
}
