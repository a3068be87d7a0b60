namespace BatchFunctions.Upstream;

/// <summary>A line that waits at the gate.</summary>
internal sealed class GateWaiter
{
    public GateWaiter(int suspicion, bool leadsChunk, DateTimeOffset since)
    {
        Suspicion = suspicion;
        LeadsChunk = leadsChunk;
        Since = since;
        Node = new LinkedListNode<GateWaiter>(this);
    }

    public int Suspicion { get; }

    public bool LeadsChunk { get; }

    public DateTimeOffset Since { get; }

    public LinkedListNode<GateWaiter> Node { get; }

    public TaskCompletionSource<GateAnswer> Source { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
