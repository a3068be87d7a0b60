namespace BatchFunctions.Upstream;

/// <summary>A line that waits at a gate.</summary>
internal sealed class GateWaiter
{
    public GateWaiter(GateTurn turn, GateAsk ask, long number, int suspicion, bool leadsChunk, DateTimeOffset since)
    {
        Turn = turn;
        Ask = ask;
        Number = number;
        Suspicion = suspicion;
        LeadsChunk = leadsChunk;
        Since = since;
        Node = new LinkedListNode<GateWaiter>(this);
    }

    public GateTurn Turn { get; }

    /// <summary>What the line asks for, perhaps at other gates too.</summary>
    public GateAsk Ask { get; }

    /// <summary>Whether it stands in the gate's queues.</summary>
    public bool Waits { get; set; }

    /// <summary>Which it is of all that have come.</summary>
    public long Number { get; }

    public int Suspicion { get; }

    public bool LeadsChunk { get; }

    public DateTimeOffset Since { get; }

    /// <summary>Where it stands among the suspects, if it is one.</summary>
    public LinkedListNode<GateWaiter> Node { get; }
}
