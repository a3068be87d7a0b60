using BatchFunctions.Ids;

namespace BatchFunctions.ActiveBatches;

/// <summary>A batch that has not ended.</summary>
internal sealed record ActiveBatch(BatchKey Key, string InputFileId, DateTimeOffset CreatedAt)
{
    /// <summary>The status of a batch that nobody has looked at yet, as it goes over the wire.</summary>
    public const string NewStatus = "validating";

    /// <summary>Of how many parts of a batch's lines the row lags behind at most: each part costs a write.</summary>
    private const int Parts = 10;

    /// <summary>The batch's status when it was last noted, as it goes over the wire.</summary>
    public string Status { get; init; } = NewStatus;

    /// <summary>The lines that waited in it when that was last noted; at first, those that its input file seems to have.</summary>
    public int Lines { get; init; }

    /// <summary>Files of an earlier batch that the input is made of, where the service makes it: as the input, they are kept.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];

    /// <summary>Whether what is noted has become so wrong that it is worth a write: once a status, and once a tenth of the lines.</summary>
    /// <param name="status">The batch's status.</param>
    /// <param name="lines">The lines that wait in it.</param>
    /// <param name="total">All of its lines.</param>
    public bool IsOutdated(string status, int lines, int total) =>
        status != Status || Math.Abs((long)lines - Lines) * Parts >= Math.Max(total, 1);
}

/// <summary>What a project has in batches that have not ended.</summary>
/// <param name="Batches">How many there are.</param>
/// <param name="Lines">The lines that wait in them.</param>
internal readonly record struct ActiveLoad(int Batches, long Lines)
{
    /// <summary>The load with one more batch.</summary>
    public ActiveLoad With(int lines) => new(Batches + 1, Lines + lines);

    /// <summary>Both together.</summary>
    public static ActiveLoad operator +(ActiveLoad one, ActiveLoad other) => new(one.Batches + other.Batches, one.Lines + other.Lines);
}
