namespace BatchFunctions.Cli.Waiting;

/// <summary>
/// The rate of progress over the last minute; the window smooths counts that services update in steps.
/// </summary>
internal sealed class Pace(TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Queue<(DateTimeOffset Moment, double Done)> _seen = new();

    /// <summary>The rate per second; null if it is unknown or nothing moves.</summary>
    public double? PerSecond { get; private set; }

    /// <summary>Records how much is done.</summary>
    public void Note(double done)
    {
        var now = time.GetUtcNow();
        _seen.Enqueue((now, done));
        while (_seen.Count > 2 && now - _seen.Peek().Moment > Window)
        {
            _seen.Dequeue();
        }

        var (moment, before) = _seen.Peek();
        var seconds = (now - moment).TotalSeconds;
        PerSecond = seconds > 0 && done > before ? (done - before) / seconds : null;
    }

    /// <summary>The time that the rest takes at this rate; null if it is unknown.</summary>
    public TimeSpan? Left(double rest) => PerSecond is { } pace ? TimeSpan.FromSeconds(Math.Min(rest / pace, TimeSpan.MaxValue.TotalSeconds / 2)) : null;
}
