namespace BatchFunctions.Upstream;

/// <summary>A batch with chunks at the gate. Under the gate's lock.</summary>
/// <param name="project">Its project.</param>
/// <param name="id">Its id.</param>
/// <param name="model">The model that all its lines name; null where they differ.</param>
internal sealed class GateBatch(GateProject project, string id, string? model)
{
    /// <summary>Chunk by chunk: the fewer are under way, the fewer checkpoints a line shares with none.</summary>
    private static readonly Comparer<GateWaiter> ByChunk = Comparer<GateWaiter>.Create(static (left, right) =>
        (left.Turn.Chunk, left.Number).CompareTo((right.Turn.Chunk, right.Number)));

    public GateProject Project { get; } = project;

    public string Id { get; } = id;

    public string? Model { get; } = model;

    /// <summary>Its lines that wait for a place, the lowest chunk's first.</summary>
    public SortedSet<GateWaiter> Waiting { get; } = new(ByChunk);

    /// <summary>Its lines in flight.</summary>
    public int InFlight { get; set; }

    /// <summary>Lines of its chunks at the gate that have not been given a place yet.</summary>
    public int Left { get; set; }

    /// <summary>Its lines that wait to be sent again, suspects included.</summary>
    public int Again { get; set; }

    /// <summary>Lines of its chunks at the gate that are not in flight.</summary>
    public int Unsent => Left + Again;

    /// <summary>Its chunks at the gate.</summary>
    public int Turns { get; set; }
}
