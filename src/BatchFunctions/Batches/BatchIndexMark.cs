using Azure;

namespace BatchFunctions.Batches;

/// <summary>
/// How far a tenant's batches are in the index. Once true it stays so: batches that were made before <paramref name="Until"/> have ended, and no
/// more can come.
/// </summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="Until">Every batch that was made before then, in whole milliseconds, is in the index.</param>
/// <param name="Count">How many have been put in it, by which the next are numbered.</param>
/// <param name="ETag">Its row's ETag; null where there is none, and nothing is in the index.</param>
internal sealed record BatchIndexMark(string Tenant, DateTimeOffset Until, long Count, ETag? ETag)
{
    /// <summary>The mark of a tenant of whose batches none is in the index.</summary>
    public static BatchIndexMark NoneOf(string tenant) => new(tenant, DateTimeOffset.UnixEpoch, 0, null);
}

/// <summary>What the index has of a batch under a facet.</summary>
/// <param name="RowKey">The key of the batch's row.</param>
/// <param name="Number">
/// Its number by age among the tenant's: what lies between two is how many batches there are between them, about.
/// </param>
internal readonly record struct BatchIndexEntry(string RowKey, long Number)
{
    /// <summary>How many rows storage may look through for each that is asked for, rather than be asked for each.</summary>
    private const int MostLookedThrough = 10;

    /// <summary>Whether there are few other batches between entries, which are in the order of the list.</summary>
    public static bool LieClose(IReadOnlyList<BatchIndexEntry> entries) =>
        entries.Count > 1 && Math.Abs(entries[0].Number - entries[^1].Number) < (long)entries.Count * MostLookedThrough;
}

/// <summary>A part of what the index has under a facet, in the order of the list.</summary>
/// <param name="Entries">The entries.</param>
/// <param name="IsLast">Whether there are no more behind them.</param>
/// <param name="Requests">How many requests to storage it took.</param>
internal sealed record BatchIndexPart(IReadOnlyList<BatchIndexEntry> Entries, bool IsLast, int Requests);
