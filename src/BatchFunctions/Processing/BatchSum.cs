using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Files;
using BatchFunctions.Lines;

namespace BatchFunctions.Processing;

/// <summary>
/// What the chunks of a batch come to, as their rows stand: counts, and the segments of both files. Of those at the batch's beginning
/// that are settled its own row says it.
/// </summary>
internal sealed class BatchSum
{
    private readonly List<FileSegment> _output = [];
    private readonly List<FileSegment> _error = [];
    private readonly List<Chunk> _staged = [];

    private readonly SettledChunks _before;

    private BatchSum(SettledChunks before)
    {
        _before = before;
        Settled = before;
        Ended = before.Count;
        Completed = before.Completed;
        Failed = before.Failed;
        InputLost = before.InputLost;
        Usage = before.Usage;
        Failures = before.Failures ?? FailureKinds.None;
    }

    public int Ended { get; private set; }

    /// <summary>Chunks that ended without their input.</summary>
    public int InputLost { get; private set; }

    /// <summary>Chunks whose rows cannot be read.</summary>
    public int Unreadable { get; private set; }

    public int Completed { get; private set; }

    public int Failed { get; private set; }

    public TokenUsage Usage { get; private set; }

    /// <summary>The lines that failed, by kind.</summary>
    public FailureKinds Failures { get; private set; }

    /// <summary>The first chunks that have ended, those included that the batch knows to be settled: once they are published, they are.</summary>
    public SettledChunks Settled { get; private set; }

    /// <summary>How many segments the output has.</summary>
    public int OutputSegments => _before.OutputSegments + _output.Count;

    /// <summary>How many segments the errors have.</summary>
    public int ErrorSegments => _before.ErrorSegments + _error.Count;

    /// <summary>The segments of the output that are not settled, chunk by chunk and in each by the order of its commits.</summary>
    public IReadOnlyList<FileSegment> Output => _output;

    /// <summary>The segments of the errors, in the same order.</summary>
    public IReadOnlyList<FileSegment> Error => _error;

    /// <summary>Chunks with results that a version before 0.2 staged.</summary>
    public IReadOnlyList<Chunk> Staged => _staged;

    public static async Task<BatchSum> OfAsync(ChunkStore chunks, Batch batch, CancellationToken ct)
    {
        var sum = new BatchSum(batch.Settled);
        await foreach (var chunk in chunks.ListAsync(batch.Id, batch.Settled.Count, ct))
        {
            sum.Add(chunk);
        }

        return sum;
    }

    /// <summary>What the only chunk of a batch comes to, whose row says that it has ended, and does not change any more.</summary>
    public static BatchSum OfOnly(Batch batch, Chunk chunk)
    {
        var sum = new BatchSum(batch.Settled);
        if (batch.Settled.Count == 0)
        {
            sum.Add(chunk);
        }

        return sum;
    }

    private void Add(Chunk chunk)
    {
        Ended += chunk.Ended ? 1 : 0;
        InputLost += chunk.InputLost ? 1 : 0;
        Unreadable += chunk.Unreadable is null ? 0 : 1;
        Completed += chunk.Completed;
        Failed += chunk.Failed;
        Usage += chunk.Usage;
        Failures += chunk.Failures;
        _output.AddRange(chunk.Segments.Select(segment => segment.OutputOf(chunk.Number)).OfType<FileSegment>());
        _error.AddRange(chunk.Segments.Select(segment => segment.ErrorOf(chunk.Number)).OfType<FileSegment>());
        if (!chunk.Staged.IsNone)
        {
            _staged.Add(chunk);
        }

        if (chunk.Number == Settled.Count && chunk is { Ended: true, Staged.IsNone: true })
        {
            Settled = new SettledChunks(Ended, Completed, Failed, InputLost, Usage, OutputSegments, ErrorSegments, Failures);
        }
    }
}
