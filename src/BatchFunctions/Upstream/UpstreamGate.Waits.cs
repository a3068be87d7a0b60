namespace BatchFunctions.Upstream;

/// <content>The gate's side of those who come to it: chunks that begin and end their runs, and lines that wait.</content>
internal sealed partial class UpstreamGate
{
    /// <summary>How the gate stands for the next line.</summary>
    public GateState State
    {
        get
        {
            lock (_lock)
            {
                var now = _time.GetUtcNow();
                var most = _share.Holds(now) ? _limit.Share : 0;
                return new(
                    _breaker.IsOpen,
                    _breaker.IsOpen && _probesInFlight == 0 && _breaker.NextProbe <= now,
                    !_breaker.IsOpen && _inFlight < Math.Min(most, _limit.Most) && _suspectsInFlight == 0 && !_waiters.IsAny && Due <= now,
                    most > 0 ? (double)_inFlight / most : 1);
            }
        }
    }

    /// <summary>Begins a chunk's run at the gate.</summary>
    /// <param name="batch">The chunk's batch.</param>
    /// <param name="chunk">The chunk's number.</param>
    /// <param name="lines">Its lines that are not done.</param>
    /// <param name="weight">Its project's part beside other projects.</param>
    /// <returns>Its turn, to be disposed of when all of its lines are back.</returns>
    public GateTurn Join(BatchAtGate batch, int chunk, int lines, double weight)
    {
        lock (_lock)
        {
            return _waiters.Join(this, batch, chunk, lines, weight);
        }
    }

    /// <summary>Tells how many of a chunk's lines are still to be sent from here, where others may send them too.</summary>
    public void SetLeft(GateTurn turn, int lines)
    {
        lock (_lock)
        {
            GateWaiters.SetLeft(turn, lines);
        }
    }

    /// <summary>Ends a chunk's run.</summary>
    public void Leave(GateTurn turn)
    {
        lock (_lock)
        {
            _waiters.Leave(turn);
        }
    }

    /// <summary>Waits for a place.</summary>
    /// <param name="turn">Whose line it is.</param>
    /// <param name="suspicion">How far the line is suspected of breaking connections; <see cref="Alone"/> at most.</param>
    /// <param name="leadsChunk">
    /// Whether it is the next line of a chunk that has more: while the breaker is open such a line stays when others go to
    /// storage, so that its chunk goes on at once when the upstream is back.
    /// </param>
    /// <param name="ct">Ends the wait; then no place is held.</param>
    /// <returns>The place, to be disposed of when the line is back; or how long to wait in storage in the place of here.</returns>
    public Task<GateAnswer> EnterAsync(GateTurn turn, int suspicion, bool leadsChunk, CancellationToken ct)
    {
        var ask = new GateAsk(gates: 1);
        var waiter = Enter(turn, ask, suspicion, leadsChunk);
        return ask.IsDecided || !ct.CanBeCanceled ? ask.Answer : WaitAsync(waiter, ct);
    }

    /// <summary>Begins a wait for a place, perhaps beside waits at other gates.</summary>
    /// <returns>The wait, which ends with the answer to <paramref name="ask"/>, and then with <see cref="Withdraw"/>.</returns>
    public GateWaiter Enter(GateTurn turn, GateAsk ask, int suspicion, bool leadsChunk)
    {
        lock (_lock)
        {
            var waiter = new GateWaiter(turn, ask, ++_come, suspicion, leadsChunk, _time.GetUtcNow());
            _waiters.Add(waiter);
            Grant();
            return waiter;
        }
    }

    /// <summary>Ends a wait whose line has been answered, here or at another gate.</summary>
    public void Withdraw(GateWaiter waiter)
    {
        lock (_lock)
        {
            if (waiter.Waits)
            {
                // Others may have waited for this one: a suspect, for instance.
                _waiters.Remove(waiter);
                Grant();
            }
        }
    }

    private async Task<GateAnswer> WaitAsync(GateWaiter waiter, CancellationToken ct)
    {
        await using var registration = ct.UnsafeRegister((_, token) => Cancel(waiter, token), null);
        return await waiter.Ask.Answer;
    }

    private void Cancel(GateWaiter waiter, CancellationToken ct)
    {
        lock (_lock)
        {
            if (waiter.Ask.TryCancel(ct))
            {
                _waiters.Remove(waiter);
            }
        }
    }
}
