namespace BatchFunctions.Upstream;

/// <summary>A batch with chunks at the gate. Under the gate's lock.</summary>
internal sealed class GateBatch(GateProject project, string id)
{
    /// <summary>Chunk by chunk: the fewer are under way, the fewer checkpoints a line shares with none.</summary>
    private static readonly Comparer<GateWaiter> ByChunk = Comparer<GateWaiter>.Create(static (left, right) =>
        (left.Turn.Chunk, left.Number).CompareTo((right.Turn.Chunk, right.Number)));

    public GateProject Project { get; } = project;

    public string Id { get; } = id;

    /// <summary>Its lines that wait for a place, the lowest chunk's first.</summary>
    public SortedSet<GateWaiter> Waiting { get; } = new(ByChunk);

    /// <summary>Its lines in flight.</summary>
    public int InFlight { get; set; }

    /// <summary>Its chunks at the gate.</summary>
    public int Turns { get; set; }
}
