namespace BatchFunctions.Upstream;

/// <summary>The time that an attempt may take. It stands still while the attempt waits for the process, and not for the upstream.</summary>
internal sealed class AttemptLimit : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly CancellationTokenRegistration _cancelled;
    private readonly TimeProvider _time;
    private readonly long _began;
    private TimeSpan _limit;

    /// <summary>Begins to count.</summary>
    /// <param name="limit">How long the attempt may take.</param>
    /// <param name="time">The clock.</param>
    /// <param name="ct">Ends the attempt before that.</param>
    public AttemptLimit(TimeSpan limit, TimeProvider time, CancellationToken ct)
    {
        // One source for both: it fires by itself at the limit, and with the caller's token before that.
        _source = new CancellationTokenSource(limit, time);
        _cancelled = ct.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _source);
        _limit = limit;
        _time = time;
        _began = time.GetTimestamp();
    }

    /// <summary>Fires at the limit, and when the caller cancels.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Whether the time is up, or the caller has cancelled.</summary>
    public bool IsOver => _source.IsCancellationRequested;

    /// <summary>Waits without counting.</summary>
    public async ValueTask StandStillAsync(ValueTask wait)
    {
        if (wait.IsCompletedSuccessfully)
        {
            return;
        }

        var paused = _time.GetTimestamp();
        _source.CancelAfter(Timeout.InfiniteTimeSpan);
        await wait;
        _limit += _time.GetElapsedTime(paused);
        var left = _limit - _time.GetElapsedTime(_began);
        _source.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
    }

    public void Dispose()
    {
        _cancelled.Dispose();
        _source.Dispose();
    }
}
