namespace BatchFunctions.Upstream;

/// <summary>
/// What a line asks for: a place at any of the gates that it waits at. The first gate that has one gives it, and none after it; the line
/// is put off when all of them have put it off. Gates use it side by side, each under its own lock.
/// </summary>
/// <param name="gates">At how many gates it waits, or will.</param>
internal sealed class GateAsk(int gates)
{
    private readonly TaskCompletionSource<GateAnswer> _source = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private int _gates = gates;
    private TimeSpan _wait = TimeSpan.MaxValue;
    private bool _isAway = true;
    private bool _isDecided;

    /// <summary>The place, or how long to wait in storage.</summary>
    public Task<GateAnswer> Answer => _source.Task;

    /// <summary>Whether nothing is asked for any more.</summary>
    public bool IsDecided => Volatile.Read(ref _isDecided);

    /// <summary>Claims the right to answer: whoever has it must do so.</summary>
    public bool TryDecide()
    {
        lock (_lock)
        {
            return !_isDecided && (_isDecided = true);
        }
    }

    /// <summary>Answers with a place, after <see cref="TryDecide"/>.</summary>
    public void Give(UpstreamPlace place) => _source.TrySetResult(new GateAnswer(place, TimeSpan.Zero));

    /// <summary>One gate more has none for so long; of several waits the shortest counts.</summary>
    /// <param name="wait">For how long.</param>
    /// <param name="isAway">Whether its upstream is away, and others ask whether it is back.</param>
    public void PutOff(TimeSpan wait, bool isAway)
    {
        lock (_lock)
        {
            _isAway &= isAway;
            _wait = wait < _wait ? wait : _wait;
            if (--_gates > 0 || _isDecided)
            {
                return;
            }

            _isDecided = true;
        }

        _source.TrySetResult(new GateAnswer(null, _wait) { IsAway = _isAway });
    }

    /// <summary>Asks for nothing any more.</summary>
    /// <returns>Whether it did until now.</returns>
    public bool TryCancel(CancellationToken ct) => TryDecide() && _source.TrySetCanceled(ct);
}
