using BatchFunctions.Http;
using BatchFunctions.Ids;
using BatchFunctions.Storage;

namespace BatchFunctions.Batches;

/// <summary>
/// A page of batches that match conditions on their rows. Those that the tenant's mark is before are looked for in the rows themselves; those
/// behind it have ended, and are found by the index, however rare they are. Where the index has shown that many match, they are looked for in the
/// rows everywhere, which is one request.
/// </summary>
internal sealed class BatchSearch(BatchStore batches, BatchIndex index, TimeProvider time) : IDisposable
{
    /// <summary>For how long a mark is remembered. It stays true; what it does not cover yet is looked for in the rows.</summary>
    private static readonly TimeSpan MarkAge = TimeSpan.FromMinutes(1);

    /// <summary>The most entries of the index that are followed at once.</summary>
    private const int MostAtOnce = 100;

    private const long BytesOfMark = 256;

    private const long BytesOfCommon = 1024;

    private readonly Remembered<string, (BatchIndexMark Mark, DateTimeOffset At)> _marks = new(mostBytes: 10_000 * BytesOfMark);

    /// <summary>What many of a tenant's batches match.</summary>
    private readonly Remembered<string, bool> _common = new(mostBytes: 1_000 * BytesOfCommon);

    /// <inheritdoc cref="BatchStore.ListAsync(string, BatchListing, CancellationToken)"/>
    public async Task<BatchPage> PageAsync(string tenant, BatchListing listing, CancellationToken ct)
    {
        var asked = listing.Filter.ConditionsOf(tenant);
        if (_common.TryTake(asked, out _) && await batches.TryListAtOnceAsync(tenant, listing, ct) is { } all)
        {
            _common.Keep(asked, true, BytesOfCommon);
            return all;
        }

        var mark = await MarkOfAsync(tenant, ct);
        if (mark.ETag is null || listing.Filter.CreatedSince >= mark.Until)
        {
            return await batches.ListAsync(tenant, listing, ct);
        }

        var found = new List<Batch>();
        if ((listing.After is null || IdKind.Batch.CreatedAt(listing.After) >= mark.Until) && !(listing.Filter.CreatedBefore <= mark.Until))
        {
            var page = await batches.ListAsync(tenant, listing with { Filter = listing.Filter with { CreatedSince = mark.Until } }, ct);
            if (page.HasMore)
            {
                return page;
            }

            found.AddRange(page.Batches);
        }

        var isMore = await FindAsync(mark, listing, asked, found, ct);
        return new BatchPage([.. found.Take(listing.Limit)], isMore || found.Count > listing.Limit);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _marks.Dispose();
        _common.Dispose();
    }

    /// <summary>Adds what the index finds, until there are more than the page has room for.</summary>
    /// <returns>Whether there may be more, though so much was read.</returns>
    private async Task<bool> FindAsync(BatchIndexMark mark, BatchListing listing, string asked, List<Batch> found, CancellationToken ct)
    {
        var facets = BatchFacets.Asked(listing.Filter);
        var after = listing.FirstRowKeyBehind(mark.Until);
        var last = listing.Filter.CreatedSince is { } since ? IdKind.Batch.LastRowKeySince(since) : null;
        var (isFirst, requests) = (listing.Filter.Metadata.Count < 2, 0);
        while (found.Count <= listing.Limit)
        {
            var wanted = isFirst ? listing.Limit + 1 - found.Count : MostAtOnce;
            var parts = await Task.WhenAll(
                facets.Select(facet => index.ReadAsync(mark.Tenant, facet, listing.Filter, after, last, wanted, ct)));
            var entries = parts.SelectMany(static part => part.Entries).DistinctBy(static entry => entry.RowKey)
                .OrderBy(static entry => entry.RowKey, StringComparer.Ordinal).ToList();

            // A part that ends early may have more before the others' last.
            var end = parts.Where(static part => !part.IsLast).Select(static part => part.Entries is [.., var lastOfPart] ? lastOfPart.RowKey : "")
                .Order(StringComparer.Ordinal).FirstOrDefault();
            if (end is not null)
            {
                entries.RemoveAll(entry => string.CompareOrdinal(entry.RowKey, end) > 0);
            }

            found.AddRange(await batches.FollowAsync(mark.Tenant, entries, listing.Filter, ct));
            if (found.Count > listing.Limit && BatchIndexEntry.LieClose(entries))
            {
                _common.Keep(asked, true, BytesOfCommon);
            }

            requests += parts.Length == 0 ? 0 : parts.Max(static part => part.Requests);
            if (end is null)
            {
                return false;
            }

            if (requests >= BatchStore.MostRequests)
            {
                return found.Count > 0 ? true : throw new ApiException(BatchErrors.NothingFoundYet);
            }

            (after, isFirst) = (end.Length > 0 ? end : after, false);
        }

        return false;
    }

    private async Task<BatchIndexMark> MarkOfAsync(string tenant, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        if (_marks.TryFind(tenant, out var known) && now - known.At < MarkAge)
        {
            return known.Mark;
        }

        var mark = await index.MarkOfAsync(tenant, ct);
        _marks.Keep(tenant, (mark, now), BytesOfMark);
        return mark;
    }
}
