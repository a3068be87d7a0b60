using System.Runtime.CompilerServices;
using BatchFunctions.Storage;

namespace BatchFunctions.Batches;

/// <summary>A tenant's batches as storage gives them, tombstones included.</summary>
internal static class BatchPages
{
    /// <summary>
    /// Lists batches request by request, as many at a time as are wanted. Where some of these are tombstones they are too few, and many
    /// pages of tombstones may follow where many batches were just deleted: so it goes on behind them with as many as storage gives.
    /// </summary>
    /// <param name="rows">The batches.</param>
    /// <param name="tenant">Whose.</param>
    /// <param name="after">The batch behind which it begins; null for the newest.</param>
    /// <param name="filter">Which batches.</param>
    /// <param name="wanted">How many are wanted.</param>
    /// <param name="ct">Cancels the operation.</param>
    public static async IAsyncEnumerable<(IReadOnlyList<Batch> Records, bool IsLast)> ReadAsync(
        FencedTable<Batch> rows, string tenant, string? after, BatchFilter filter, int wanted, [EnumeratorCancellation] CancellationToken ct)
    {
        int? perPage = filter.IsStoragesAlone ? wanted : null;
        while (true)
        {
            string? thinned = null;
            await foreach (var page in rows.PagesAsync(filter.QueryOf(tenant, after), perPage, ct))
            {
                yield return page;
                if (perPage is not null && !page.IsLast && page.Records.Any(static batch => batch.Deleted))
                {
                    thinned = page.Records[^1].Id;
                    break;
                }
            }

            if (thinned is null)
            {
                yield break;
            }

            (after, perPage) = (thinned, null);
        }
    }
}
