namespace BatchFunctions.Progress;

/// <summary>How fast something gets on, and how long the rest will take; nothing where that is not known.</summary>
/// <param name="PerSecond">What comes in a second, of late; null while nothing is known and while nothing comes.</param>
/// <param name="Left">How long the rest takes at that rate; null while too little is known and while nothing comes.</param>
/// <param name="StalledSince">Since when nothing has come, though it should have; null while it comes.</param>
internal readonly record struct ProgressEstimate(double? PerSecond, TimeSpan? Left, DateTimeOffset? StalledSince)
{
    /// <summary>How far back the rate looks, unless things come more slowly.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    /// <summary>How long nothing must come before it counts as stalled, however fast it came.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>From how long a time on a rate says when the rest is done.</summary>
    private static readonly TimeSpan LeastForLeft = TimeSpan.FromSeconds(5);

    /// <summary>Over how many of the usual waits a rate looks back, at least.</summary>
    private const int Waits = 3;

    /// <summary>How many of the usual waits may pass in vain.</summary>
    private const int WaitsInVain = 4;

    /// <summary>Nothing is known.</summary>
    public static ProgressEstimate Unknown { get; }

    /// <summary>What is to be said at a time.</summary>
    /// <param name="history">What has been seen.</param>
    /// <param name="total">What is to be done in all; null where that is not known.</param>
    /// <param name="now">The time.</param>
    public static ProgressEstimate Of(ProgressHistory history, long? total, DateTimeOffset now)
    {
        var samples = history.Samples;
        if (samples.Count < 2)
        {
            return Unknown;
        }

        var last = samples[^1];
        var silence = now - last.At;
        if (silence > Patience && silence > history.Gap * WaitsInVain)
        {
            return new ProgressEstimate(null, null, last.At);
        }

        var from = BeginningOf(samples, history.Gap, now);
        var span = last.At - samples[from].At;
        var perSecond = (last.Done - samples[from].Done) / span.TotalSeconds;
        var isEnough = samples.Count > 2 && span >= LeastForLeft;
        return new ProgressEstimate(perSecond, isEnough && total > last.Done ? LeftOf(total.Value - last.Done, perSecond, silence) : null, null);
    }

    /// <summary>The sample that the rate is counted from.</summary>
    private static int BeginningOf(IReadOnlyList<ProgressSample> samples, TimeSpan usualWait, DateTimeOffset now)
    {
        var last = samples.Count - 1;

        // Where there is enough without it, the wait for the very first is left out: it may have been one for a turn.
        var least = last > Waits ? 1 : 0;
        var from = last - 1;
        while (from > least && (now - samples[from].At < Window || samples[last].At - samples[from].At < usualWait * Waits))
        {
            from--;
        }

        return from;
    }

    /// <summary>Counted from when the last came: while the next is awaited the time left gets less, and no more.</summary>
    private static TimeSpan LeftOf(long rest, double perSecond, TimeSpan silence)
    {
        var left = TimeSpan.FromSeconds(Math.Min(rest / perSecond, TimeSpan.MaxValue.TotalSeconds / 2)) - silence;
        return left > TimeSpan.FromSeconds(1) ? left : TimeSpan.FromSeconds(1);
    }
}
