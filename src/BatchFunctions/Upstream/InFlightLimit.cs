namespace BatchFunctions.Upstream;

/// <summary>
/// How many lines may be in flight: the process's share, or less while the upstream recovers or has been sent too many at once. Under the
/// gate's lock; it has none of its own.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class InFlightLimit(TimeProvider time)
{
    /// <summary>How many lines in flight an upstream that has just come back begins with; they double with each round that goes through.</summary>
    private const int FirstAfterOutage = 4;

    /// <summary>How often the limit is lowered, at most: lines that were in flight together fail together.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);

    /// <summary>How long it is remembered how many in flight were too many.</summary>
    private static readonly TimeSpan TooManyFor = TimeSpan.FromMinutes(10);

    /// <summary>Infinite while nothing but the share bounds it.</summary>
    private double _limit = double.PositiveInfinity;

    /// <summary>How many in flight timed out lately; infinite where none did.</summary>
    private double _tooMany = double.PositiveInfinity;
    private DateTimeOffset _lowered;
    private DateTimeOffset _timedOut;

    /// <summary>The process's share.</summary>
    public int Share { get; set; }

    /// <summary>The most that there may be in flight now.</summary>
    public int Most => (int)Math.Min(Share, _limit);

    /// <summary>The upstream is back.</summary>
    public void Restart() => _limit = FirstAfterOutage;

    /// <summary>A line went through.</summary>
    public void Passed()
    {
        // Doubling up to half of what was too much before, and from there on by one for as many as are in flight.
        _limit += _limit < _tooMany / 2 ? 1 : 1 / _limit;
        if (_limit >= Math.Max(1, Share))
        {
            _limit = double.PositiveInfinity;
        }

        _tooMany = time.GetUtcNow() - _timedOut > TooManyFor ? double.PositiveInfinity : Math.Max(_tooMany, Most);
    }

    /// <summary>The upstream failed a line.</summary>
    /// <param name="inFlight">Lines in flight.</param>
    /// <param name="tooMany">How many were in flight with one that timed out.</param>
    public void Failed(int inFlight, int? tooMany)
    {
        var now = time.GetUtcNow();
        if (tooMany is { } most)
        {
            _timedOut = now;
            _tooMany = Math.Min(_tooMany, most);
        }

        if (now - _lowered >= Settling)
        {
            _limit = Math.Max(1, Math.Min(_limit, Math.Max(1, inFlight)) / 2);
            _lowered = now;
        }
    }
}
