namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>A clock that runs a number of times as fast: what takes minutes in the service takes seconds in a test.</summary>
internal sealed class FastTime(double factor) : TimeProvider
{
    private readonly DateTimeOffset _start = DateTimeOffset.UtcNow;
    private readonly long _began = System.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => _start + (System.GetElapsedTime(_began) * factor);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        System.CreateTimer(callback, state, Scale(dueTime), Scale(period));

    private TimeSpan Scale(TimeSpan time) => time <= TimeSpan.Zero ? time : time / factor;
}
