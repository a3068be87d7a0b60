namespace BatchFunctions.Upstream;

/// <summary>The lines that wait at the gate, in the order of their coming, suspects by themselves. Under the gate's lock.</summary>
internal sealed class GateWaiters
{
    private readonly LinkedList<GateWaiter> _others = [];
    private readonly LinkedList<GateWaiter> _suspects = [];

    /// <summary>The first suspect.</summary>
    public GateWaiter? Suspect => _suspects.First?.Value;

    /// <summary>The first line that is no suspect.</summary>
    public GateWaiter? Other => _others.First?.Value;

    /// <summary>The line that is best sent as a probe: no suspect, as long as there is another.</summary>
    public GateWaiter? Probe => Other ?? Suspect;

    public void Add(GateWaiter waiter) => (waiter.Suspicion > 0 ? _suspects : _others).AddLast(waiter.Node);

    public static void Remove(GateWaiter waiter) => waiter.Node.List?.Remove(waiter.Node);

    /// <summary>Sends lines to storage.</summary>
    /// <param name="wait">For how long.</param>
    /// <param name="butOne">Whether one of them stays: one whose chunk has more lines, if there is such a one.</param>
    public void PutOff(TimeSpan wait, bool butOne)
    {
        var all = _others.Concat(_suspects).ToList();
        var stays = butOne ? all.Find(waiter => waiter.LeadsChunk) ?? all.FirstOrDefault() : null;
        foreach (var waiter in all.Where(waiter => waiter != stays))
        {
            Remove(waiter);
            waiter.Source.TrySetResult(new GateAnswer(null, wait));
        }
    }
}
