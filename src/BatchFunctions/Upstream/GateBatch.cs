namespace BatchFunctions.Upstream;

/// <summary>A batch with chunks at the gate. Under the gate's lock.</summary>
/// <param name="project">Its project.</param>
/// <param name="batch">What is known of it.</param>
internal sealed class GateBatch(GateProject project, BatchAtGate batch)
{
    /// <summary>Chunk by chunk: the fewer are under way, the fewer checkpoints a line shares with none.</summary>
    private static readonly Comparer<GateWaiter> ByChunk = Comparer<GateWaiter>.Create(static (left, right) =>
        (left.Turn.Chunk, left.Number).CompareTo((right.Turn.Chunk, right.Number)));

    public GateProject Project { get; } = project;

    public string Id => batch.Key.Id;

    public string? Model => batch.Model;

    /// <inheritdoc cref="BatchAtGate.UrgencyAt"/>
    public int UrgencyAt(DateTimeOffset now) => batch.UrgencyAt(now);

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
