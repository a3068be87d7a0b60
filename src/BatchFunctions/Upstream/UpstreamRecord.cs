namespace BatchFunctions.Upstream;

/// <summary>
/// What this process has lately seen of the upstream: how many lines went through, and how many did not since one last did.
/// A line's fault is told from the upstream's by it.
/// </summary>
internal sealed class UpstreamRecord
{
    private long _through;
    private int _faultsInARow;

    /// <summary>Lines that went through: answered in a way that only an upstream that works answers.</summary>
    public long Through => Interlocked.Read(ref _through);

    /// <summary>The upstream's faults since a line last went through.</summary>
    public int FaultsInARow => Volatile.Read(ref _faultsInARow);

    public void Passed()
    {
        Interlocked.Increment(ref _through);
        Volatile.Write(ref _faultsInARow, 0);
    }

    public void Failed() => Interlocked.Increment(ref _faultsInARow);
}
