using BatchFunctions.Http;

namespace BatchFunctions.Batches;

/// <content>Batches of a tenant, many at a time.</content>
internal sealed partial class BatchStore
{
    /// <summary>
    /// The most requests to storage for one page of what matches. Each looks through as many rows as storage reads in five seconds, or through a
    /// thousand where metadata are asked for.
    /// </summary>
    internal const int MostRequests = 20;

    private const int MostReadAtOnce = 16;

    /// <summary>A page of all of the tenant's batches.</summary>
    public Task<BatchPage> ListAsync(string tenant, string? after, int limit, CancellationToken ct) =>
        ListAsync(tenant, new BatchListing(after, limit, BatchFilter.None), ct);

    /// <summary>
    /// A page of the tenant's batches, newest first, and whether there are more. Ascending row keys are newest first, and the cursor is
    /// a row key, whether or not its row still exists. It asks for one row more than the limit, to decide <c>HasMore</c>. A query
    /// may return few or no rows with a continuation token, so tokens are followed until enough have come or none is left. Without conditions
    /// on rows that is one request; with them, or where there are tombstones in between, no more than <see cref="MostRequests"/>: then the page is
    /// as long as it has become by then.
    /// </summary>
    /// <exception cref="ApiException">So much was read, and nothing matched.</exception>
    public async Task<BatchPage> ListAsync(string tenant, BatchListing listing, CancellationToken ct)
    {
        var (after, limit, filter) = listing;
        var batches = new List<Batch>(limit + 1);
        var requests = 0;
        var isBounded = filter.LooksAtRows;
        await foreach (var page in BatchPages.ReadAsync(_rows, tenant, after, filter, limit + 1, ct))
        {
            requests++;
            isBounded |= page.Records.Any(static record => record.Deleted);
            foreach (var batch in page.Records.Where(record => !record.Deleted && filter.Matches(record)))
            {
                if (batches.Count == limit)
                {
                    return new BatchPage(batches, HasMore: true);
                }

                batches.Add(batch);
            }

            if (requests >= MostRequests && isBounded && !page.IsLast)
            {
                return batches.Count > 0 ? new BatchPage(batches, HasMore: true) : throw new ApiException(BatchErrors.NothingFoundYet);
            }
        }

        return new BatchPage(batches, HasMore: false);
    }

    /// <summary>A page of batches that match, if one request to storage tells what is on it; else null.</summary>
    public async Task<BatchPage?> TryListAtOnceAsync(string tenant, BatchListing listing, CancellationToken ct)
    {
        await foreach (var page in BatchPages.ReadAsync(_rows, tenant, listing.After, listing.Filter, listing.Limit + 1, ct))
        {
            var found = page.Records.Where(batch => !batch.Deleted && listing.Filter.Matches(batch)).Take(listing.Limit + 1).ToList();
            return found.Count > listing.Limit ? new BatchPage([.. found.SkipLast(1)], HasMore: true)
                : page.IsLast ? new BatchPage(found, HasMore: false)
                : null;
        }

        return null;
    }

    /// <summary>
    /// The batches that entries of the index lead to, as far as they are there and match. Where the entries lie close together one query finds them
    /// among the rows between; else each is read by itself, side by side.
    /// </summary>
    /// <param name="tenant">Whose.</param>
    /// <param name="entries">The entries, in the order of the list.</param>
    /// <param name="filter">What the batches must match.</param>
    /// <param name="ct">Cancels the operation.</param>
    public async Task<IReadOnlyList<Batch>> FollowAsync(
        string tenant, IReadOnlyList<BatchIndexEntry> entries, BatchFilter filter, CancellationToken ct)
    {
        if (BatchIndexEntry.LieClose(entries))
        {
            return await _rows.QueryAsync(filter.QueryOf(tenant, entries[0].RowKey, entries[^1].RowKey), null, ct)
                .Where(batch => !batch.Deleted && filter.Matches(batch)).ToListAsync(ct);
        }

        var found = new Batch?[entries.Count];
        await Parallel.ForEachAsync(
            entries.Index(),
            new ParallelOptions { MaxDegreeOfParallelism = MostReadAtOnce, CancellationToken = ct },
            async (entry, token) => found[entry.Index] = await _rows.FindAsync(tenant, entry.Item.RowKey, token));
        return [.. found.Where(batch => batch is { Deleted: false } && filter.Matches(batch)).Select(static batch => batch!)];
    }
}
