using System.Text.Json.Serialization;
using Azure;
using BatchFunctions.Ids;

namespace BatchFunctions.ActiveBatches;

/// <summary>A batch that has not ended.</summary>
internal sealed record ActiveBatch(BatchKey Key, string InputFileId, DateTimeOffset CreatedAt)
{
    /// <summary>The status of a batch that nobody has looked at yet, as it goes over the wire.</summary>
    public const string NewStatus = "validating";

    /// <summary>How many chunks may wait without a message: what a batch has beyond that has messages.</summary>
    public const int MostWaiting = 100;

    /// <summary>Of how many parts of a batch's lines the row lags behind at most: each part costs a write.</summary>
    private const int Parts = 10;

    /// <summary>The batch's status when it was last noted, as it goes over the wire.</summary>
    public string Status { get; init; } = NewStatus;

    /// <summary>The lines that waited in it when that was last noted; at first, those that its input file seems to have.</summary>
    public int Lines { get; init; }

    /// <summary>
    /// The earliest time at which anything about the batch may need the sweep; null where that is not known, as in rows of an earlier
    /// version: then it may be now.
    /// </summary>
    public DateTimeOffset? LookAt { get; init; }

    /// <summary>When a line of it was last done, if that has been noted.</summary>
    public DateTimeOffset? ProgressAt { get; init; }

    /// <summary>The chunks that have no message, since they wait until an upstream is back: see <see cref="WaitsFor"/>.</summary>
    public IReadOnlyList<int> Waiting { get; init; } = [];

    /// <summary>The names of the upstreams that they wait for: any of them will do.</summary>
    public IReadOnlyList<string> WaitsFor { get; init; } = [];

    /// <summary>Since when the last of them waits.</summary>
    public DateTimeOffset? WaitsSince { get; init; }

    /// <summary>Since when sweeps have the batch closed, its deadline being over; null as long as none has, as in rows of an earlier version.</summary>
    public DateTimeOffset? ClosingSince { get; init; }

    /// <summary>Since when sweeps have found that the batch's row cannot be read, its deadline being over; null as long as none has.</summary>
    public DateTimeOffset? UnreadableSince { get; init; }

    /// <summary>Whether a newer version wrote the row, which is then not written.</summary>
    public bool IsNewer { get; init; }

    /// <summary>The row's ETag, as it was read.</summary>
    [JsonIgnore]
    public ETag ETag { get; init; }

    /// <summary>Whether the row says that nothing about the batch needs the sweep before the given time.</summary>
    public bool RestsAt(DateTimeOffset time) => LookAt > time;

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
