namespace BatchFunctions.Webhooks;

/// <summary>When a delivery that has failed is tried again: with growing waits, for three days.</summary>
internal static class DeliverySchedule
{
    /// <summary>How long a delivery is tried.</summary>
    public static readonly TimeSpan Span = TimeSpan.FromDays(3);

    /// <summary>How long a webhook may fail: as long as one of its deliveries is tried, whose first attempt may have come a little late.</summary>
    public static readonly TimeSpan FailingLimit = Span - TimeSpan.FromHours(1);

    /// <summary>How long a delivery is kept once it has ended.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromDays(14);

    /// <summary>
    /// The longest wait for which there is a message. After a longer one the sweep sends it, so that no queue holds messages for hours,
    /// which would look like work to whoever scales by their number.
    /// </summary>
    public static readonly TimeSpan LongestMessage = TimeSpan.FromMinutes(15);

    /// <summary>How late an attempt may be while the service runs: the sweep that asks for it comes within an hour.</summary>
    public static readonly TimeSpan LongestDelay = TimeSpan.FromHours(2);

    /// <summary>The longest that a receiver may ask for.</summary>
    private static readonly TimeSpan LongestAsked = TimeSpan.FromHours(12);

    private static readonly TimeSpan ShortestPutOff = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan LongestPutOff = TimeSpan.FromHours(1);

    private static readonly TimeSpan[] Waits =
    [
        TimeSpan.FromSeconds(5),
        TimeSpan.FromSeconds(30),
        TimeSpan.FromMinutes(2),
        TimeSpan.FromMinutes(5),
        TimeSpan.FromMinutes(15),
        TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(1),
        TimeSpan.FromHours(2),
        TimeSpan.FromHours(4),
        TimeSpan.FromHours(8),
        TimeSpan.FromHours(12),
    ];

    /// <summary>When the next attempt is made; null if there is none.</summary>
    /// <param name="begun">When the first was due.</param>
    /// <param name="tries">How many there were.</param>
    /// <param name="asked">The wait that the receiver has asked for.</param>
    /// <param name="now">The time.</param>
    public static DateTimeOffset? Next(DateTimeOffset begun, int tries, TimeSpan? asked, DateTimeOffset now)
    {
        var last = begun + Span;
        if (now >= last)
        {
            return null;
        }

        var wait = Waits[Math.Min(Math.Max(tries, 1), Waits.Length) - 1];
        if (asked is { } longer && longer > wait)
        {
            wait = longer < LongestAsked ? longer : LongestAsked;
        }

        return now + wait < last ? now + wait : last;
    }

    /// <summary>How long an attempt waits for which there is no place.</summary>
    /// <param name="before">How long it has just waited for the same reason; null if it has not.</param>
    public static TimeSpan PutOffFor(TimeSpan? before) =>
        before * 2 is not { } longer || longer < ShortestPutOff ? ShortestPutOff : longer < LongestPutOff ? longer : LongestPutOff;
}
