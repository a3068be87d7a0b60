namespace BatchFunctions.Upstream;

/// <summary>
/// A line's wait for a place at one of several upstreams: at the one with room that has the fewest in flight for what it may have,
/// else at all of them until the first has a place. One that nobody gets through to gets the line if it is to be asked now whether it
/// is back; the line loses nothing by it.
/// </summary>
/// <param name="turn">The chunk's run.</param>
/// <param name="suspicion">How far the line is suspected of breaking connections: such a one asks nobody whether they are back.</param>
/// <param name="leadsChunk">Whether it is the next line of a chunk that has more.</param>
/// <param name="time">The clock.</param>
internal sealed class SharedWait(UpstreamTurn turn, int suspicion, bool leadsChunk, TimeProvider time)
{
    private readonly List<(UpstreamGate Gate, GateWaiter Waiter)> _waits = [];

    /// <summary>Waits.</summary>
    /// <param name="upstreams">The upstreams, and from when on the line may go to each.</param>
    /// <param name="ct">Ends the wait; then no place is held.</param>
    public async Task<GateAnswer> EnterAsync(IReadOnlyCollection<(UpstreamEntry Upstream, DateTimeOffset Due)> upstreams, CancellationToken ct)
    {
        var ask = new GateAsk(upstreams.Count);
        await using var cancelled = ct.UnsafeRegister((_, token) => ask.TryCancel(token), null);
        try
        {
            var now = time.GetUtcNow();
            foreach (var upstream in InOrder(upstreams.Where(one => one.Due <= now).Select(static one => one.Upstream)))
            {
                Enter(upstream, ask);
            }

            foreach (var (upstream, due) in upstreams.Where(one => one.Due > now).OrderBy(static one => one.Due))
            {
                await UntilAsync(due, ask);
                Enter(upstream, ask);
            }

            return await ask.Answer;
        }
        finally
        {
            foreach (var (gate, waiter) in _waits)
            {
                gate.Withdraw(waiter);
            }
        }
    }

    private IEnumerable<UpstreamEntry> InOrder(IEnumerable<UpstreamEntry> upstreams) => upstreams
        .Select(static upstream => (Upstream: upstream, upstream.Gate.State))
        .OrderByDescending(one => one.State.WantsProbe && suspicion == 0)
        .ThenByDescending(static one => one.State.HasRoom)
        .ThenBy(static one => one.State.IsAway)
        .ThenBy(static one => one.State.Load)
        .Select(static one => one.Upstream);

    private void Enter(UpstreamEntry upstream, GateAsk ask)
    {
        if (!ask.IsDecided)
        {
            _waits.Add((upstream.Gate, upstream.Gate.Enter(turn.At(upstream), ask, suspicion, leadsChunk)));
        }
    }

    private async Task UntilAsync(DateTimeOffset due, GateAsk ask)
    {
        if (due - time.GetUtcNow() is var wait && wait > TimeSpan.Zero && !ask.IsDecided)
        {
            using var over = new CancellationTokenSource();
            await Task.WhenAny(ask.Answer, Task.Delay(wait, time, over.Token));
            await over.CancelAsync();
        }
    }
}
