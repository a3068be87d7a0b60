namespace BatchFunctions.Upstream;

/// <summary>
/// What may be sent to an upstream that sells so much a minute: it comes in steadily, a second of it is kept, and what turns out to
/// have cost more than was thought is paid off before anything else is sent. Under the gate's lock; it has none of its own.
/// </summary>
/// <param name="perMinute">What the whole fleet may send in a minute.</param>
/// <param name="time">The clock.</param>
internal sealed class RateBudget(double perMinute, TimeProvider time)
{
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(1);

    /// <summary>The most that is paid off: an answer may report any number of tokens.</summary>
    private static readonly TimeSpan LongestDebt = TimeSpan.FromHours(1);

    private double _part = 1;
    private double _left = 1;
    private DateTimeOffset _counted = time.GetUtcNow();

    /// <summary>This process's part of it, from 0 to 1.</summary>
    public double Part
    {
        get => _part;
        set
        {
            Count();
            _part = value;
        }
    }

    /// <summary>When something may be sent.</summary>
    public DateTimeOffset Next
    {
        get
        {
            Count();
            return _left > 0 ? _counted
                : PerSecond <= 0 ? DateTimeOffset.MaxValue
                : _counted + TimeSpan.FromSeconds(Math.Min(-_left / PerSecond, LongestDebt.TotalSeconds)) + TimeSpan.FromMilliseconds(1);
        }
    }

    private double PerSecond => perMinute * _part / 60;

    /// <summary>Something is sent, or has cost more, or less, than was thought.</summary>
    public void Take(double amount)
    {
        Count();
        _left = Math.Max(_left - amount, -perMinute * LongestDebt.TotalMinutes);
    }

    private void Count()
    {
        var now = time.GetUtcNow();

        // A clock that is set back takes nothing away.
        var passed = Math.Max(0, (now - _counted).TotalSeconds);
        _left = Math.Min(Math.Max(1, PerSecond * Kept.TotalSeconds), _left + (PerSecond * passed));
        _counted = now;
    }
}
