using BatchFunctions.ActiveBatches;

namespace BatchFunctions.Batches;

/// <summary>
/// The list of a project's batches. Where only batches are asked for that have not ended, the search ends at the oldest of them, which its
/// active row names: the row is written before its batch and goes when that has ended. So it is one request more, however many batches
/// have ended since, and none beyond it where all have. What else is asked for by conditions on rows, <see cref="BatchSearch"/> finds.
/// </summary>
internal sealed class BatchList(BatchStore batches, BatchSearch search, ActiveBatchStore active)
{
    /// <inheritdoc cref="BatchStore.ListAsync(string, BatchListing, CancellationToken)"/>
    public async Task<BatchPage> PageAsync(string tenant, BatchListing listing, CancellationToken ct)
    {
        if (listing.Filter.IsVain)
        {
            return new BatchPage([], HasMore: false);
        }

        if (!listing.Filter.IsOfActiveAlone)
        {
            return listing.Filter.LooksAtRows ? await search.PageAsync(tenant, listing, ct) : await batches.ListAsync(tenant, listing, ct);
        }

        // Read first: a batch that is there at both times, and has not ended, is not older.
        return await active.OldestAsync(tenant, ct) is { } oldest
            ? await batches.ListAsync(tenant, listing with { Filter = listing.Filter.From(oldest) }, ct)
            : new BatchPage([], HasMore: false);
    }
}
