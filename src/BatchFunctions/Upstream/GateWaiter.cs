namespace BatchFunctions.Upstream;

/// <summary>A line that waits at the gate.</summary>
internal sealed class GateWaiter
{
    public GateWaiter(GateTurn turn, long number, int suspicion, bool leadsChunk, DateTimeOffset since)
    {
        Turn = turn;
        Number = number;
        Suspicion = suspicion;
        LeadsChunk = leadsChunk;
        Since = since;
        Node = new LinkedListNode<GateWaiter>(this);
    }

    public GateTurn Turn { get; }

    /// <summary>Which it is of all that have come.</summary>
    public long Number { get; }

    public int Suspicion { get; }

    public bool LeadsChunk { get; }

    public DateTimeOffset Since { get; }

    /// <summary>Where it stands among the suspects, if it is one.</summary>
    public LinkedListNode<GateWaiter> Node { get; }

    public TaskCompletionSource<GateAnswer> Source { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
