namespace BatchFunctions.Wakeups;

/// <summary>
/// A message that this process sends with a delay. Until that is over nobody can have received it, so whoever does will see everything that is
/// written by now, and asking for another would be pointless.
/// </summary>
/// <param name="Timestamp">From before it was sent, by the monotonic clock.</param>
/// <param name="At">The same by the wall clock.</param>
/// <param name="Delay">Its delay.</param>
internal sealed record DelayedMessage(long Timestamp, DateTimeOffset At, TimeSpan Delay)
{
    /// <summary>A message that is about to be sent.</summary>
    public static DelayedMessage Begin(TimeProvider time, TimeSpan delay) => new(time.GetTimestamp(), time.GetUtcNow(), delay);

    /// <summary>When it is due, by the wall clock.</summary>
    public DateTimeOffset DueAt => At + Delay;

    /// <summary>
    /// Whether it is still to be received: by both clocks, since either may have stood still, and for not quite the whole delay, since
    /// storage's may run faster.
    /// </summary>
    public bool IsOnItsWay(TimeProvider time) =>
        time.GetElapsedTime(Timestamp) < Delay * 0.9 && time.GetUtcNow() < At + (Delay * 0.9);
}
