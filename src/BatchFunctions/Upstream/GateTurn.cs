namespace BatchFunctions.Upstream;

/// <summary>
/// A chunk's run at the gate: its lines ask for places through it, so that projects and their batches take turns. It ends when all
/// of its places have been given back.
/// </summary>
internal sealed class GateTurn(UpstreamGate gate, GateBatch batch, int chunk, int lines) : IDisposable
{
#pragma warning disable CA2213 // The gate outlives its turns.
    private UpstreamGate? _gate = gate;
#pragma warning restore CA2213

    public GateBatch Batch { get; } = batch;

    /// <summary>The chunk's number in its batch.</summary>
    public int Chunk { get; } = chunk;

    /// <summary>Lines that have not been given a place yet, as far as is known.</summary>
    public int Left { get; set; } = lines;

    /// <summary>One more line has a place.</summary>
    /// <returns>Whether it was counted as left.</returns>
    public bool TryTake() => Left > 0 && Left-- > 0;

    public void Dispose() => Interlocked.Exchange(ref _gate, null)?.Leave(this);
}
