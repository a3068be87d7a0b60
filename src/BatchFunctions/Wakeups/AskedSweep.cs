namespace BatchFunctions.Wakeups;

/// <summary>
/// The sweep whose message this process has sent with a delay, so that nobody can have received it yet. It will see every batch
/// whose active row is written by now, so asking for another would be pointless.
/// </summary>
internal sealed class AskedSweep(TimeProvider time)
{
    private volatile Asked? _last;

    /// <summary>Whether the sweep is still to come.</summary>
    public bool IsOnItsWay =>
        _last is { } last

            // By both clocks, since either may have stood still. Not quite the whole delay, since storage's may run faster.
            && time.GetElapsedTime(last.Timestamp) < last.Delay * 0.9
            && time.GetUtcNow() < last.At + (last.Delay * 0.9);

    /// <summary>A note of now, to be kept with <see cref="Keep"/> once the message has been sent.</summary>
    /// <param name="delay">The message's delay.</param>
    public Asked Begin(TimeSpan delay) => new(time.GetTimestamp(), time.GetUtcNow(), delay);

    /// <summary>Records that the sweep's message has been sent.</summary>
    public void Keep(Asked asked) => _last = asked;

    /// <summary>Records that a sweep has been taken up: the next is still to be asked for.</summary>
    public void Forget() => _last = null;

    /// <summary>When a sweep was asked for, from before its message was sent.</summary>
    /// <param name="Timestamp">By the monotonic clock.</param>
    /// <param name="At">By the wall clock.</param>
    /// <param name="Delay">The message's delay.</param>
    public sealed record Asked(long Timestamp, DateTimeOffset At, TimeSpan Delay);
}
