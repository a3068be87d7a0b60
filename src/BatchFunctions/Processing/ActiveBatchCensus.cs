using BatchFunctions.Batches;

namespace BatchFunctions.Processing;

/// <summary>What a sweep found of the batches that have not ended, for the gauges, and for when to look again.</summary>
internal sealed class ActiveBatchCensus
{
    /// <summary>
    /// Contains every status that an active batch can have, so that one that no batch has is reported as zero.
    /// </summary>
    private readonly Dictionary<BatchStatus, long> _byStatus = Enum.GetValues<BatchStatus>()
        .Where(status => !status.HasEnded())
        .ToDictionary(status => status, _ => 0L);

    public IEnumerable<KeyValuePair<string, long>> ByStatus =>
        _byStatus.Select(pair => KeyValuePair.Create(pair.Key.Wire(), pair.Value));

    public TimeSpan LongestWithoutProgress { get; private set; }

    public TimeSpan OldestAge { get; private set; }

    /// <summary>When the first of the leases that were seen runs out, unless it is renewed; null where none was seen.</summary>
    public DateTimeOffset? FirstLeaseEnd { get; private set; }

    /// <summary>Adds a lease that lasts.</summary>
    public void AddLease(DateTimeOffset until) => FirstLeaseEnd = FirstLeaseEnd < until ? FirstLeaseEnd : until;

    /// <summary>Adds a batch that has not ended.</summary>
    public void Add(Batch batch, TimeSpan withoutProgress, TimeSpan age)
    {
        _byStatus[batch.Status]++;
        LongestWithoutProgress = Longer(LongestWithoutProgress, withoutProgress);
        OldestAge = Longer(OldestAge, age);
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
