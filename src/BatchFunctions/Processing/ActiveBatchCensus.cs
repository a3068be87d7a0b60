using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Ids;

namespace BatchFunctions.Processing;

/// <summary>What a sweep found of the batches that have not ended, for the gauges, and for when to look again.</summary>
internal sealed class ActiveBatchCensus
{
    /// <summary>
    /// Contains every status that an active batch can have, so that one that no batch has is reported as zero.
    /// </summary>
    private readonly Dictionary<string, long> _byStatus = Enum.GetValues<BatchStatus>()
        .Where(status => !status.HasEnded())
        .ToDictionary(status => status.Wire(), _ => 0L, StringComparer.Ordinal);

    public IEnumerable<KeyValuePair<string, long>> ByStatus => _byStatus;

    public TimeSpan LongestWithoutProgress { get; private set; }

    public TimeSpan OldestAge { get; private set; }

    /// <summary>When the first of the leases that were seen runs out, unless it is renewed; null where none was seen.</summary>
    public DateTimeOffset? FirstLeaseEnd { get; private set; }

    /// <summary>When the first of the batches that rest is to be looked at.</summary>
    public DateTimeOffset? FirstLook { get; private set; }

    /// <summary>Batches that rest.</summary>
    public int Resting { get; private set; }

    /// <summary>
    /// Batches that do not, and about which there was something to do, or may be at the next sweep: not those whose chunks are held.
    /// </summary>
    public int Restless { get; set; }

    /// <summary>The last batch that was looked at, where there was no time for those behind it; null otherwise.</summary>
    public BatchKey? LookedAtLast { get; set; }

    /// <summary>Whether no message of a chunk waited to be fetched; null as long as nobody has looked.</summary>
    public bool? IsChunkQueueEmpty { get; set; }

    /// <summary>Adds a lease that lasts.</summary>
    public void AddLease(DateTimeOffset until) => FirstLeaseEnd = FirstLeaseEnd < until ? FirstLeaseEnd : until;

    /// <summary>Adds a batch that has not ended.</summary>
    public void Add(Batch batch, DateTimeOffset progressAt, DateTimeOffset now) =>
        Add(batch.Status.Wire(), progressAt, batch.CreatedAt, now);

    /// <summary>Adds a batch that rests, by what was noted when it came to rest, and has not changed since.</summary>
    public void AddResting(ActiveBatch row, DateTimeOffset until, DateTimeOffset now, bool isCounted)
    {
        Resting++;
        FirstLook = FirstLook < until ? FirstLook : until;
        if (!isCounted)
        {
            Add(row.Status, row.ProgressAt ?? row.CreatedAt, row.CreatedAt, now);
        }
    }

    /// <summary>Adds a batch that the sweep does not look at, by what was noted last.</summary>
    public void AddPassedOver(ActiveBatch row, DateTimeOffset now)
    {
        Restless++;
        Add(row.Status, row.ProgressAt ?? row.CreatedAt, row.CreatedAt, now);
    }

    private void Add(string status, DateTimeOffset progressAt, DateTimeOffset createdAt, DateTimeOffset now)
    {
        if (_byStatus.TryGetValue(status, out var count))
        {
            _byStatus[status] = count + 1;
        }

        LongestWithoutProgress = Longer(LongestWithoutProgress, now - progressAt);
        OldestAge = Longer(OldestAge, now - createdAt);
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
