using System.Runtime.CompilerServices;

namespace BatchFunctions.Cli.Api;

/// <summary>Lists batches page by page.</summary>
internal static class BatchWalk
{
    private const int LongestPage = 100;

    /// <summary>Lists batches, newest first.</summary>
    /// <param name="client">The service.</param>
    /// <param name="filter">Which batches.</param>
    /// <param name="count">The most batches to list; null for all.</param>
    /// <param name="ct">Cancels the operation.</param>
    public static async IAsyncEnumerable<Batch> WalkAsync(
        ApiClient client, BatchFilter filter, int? count, [EnumeratorCancellation] CancellationToken ct)
    {
        string? after = null;
        var left = count ?? int.MaxValue;
        var asks = filter;
        while (left > 0)
        {
            var asked = asks == filter ? Math.Min(left, LongestPage) : LongestPage;
            BatchPage page;
            try
            {
                page = await client.ListBatchesAsync(asked, after, asks, ct);
            }
            catch (ApiException e) when (e.Status == 400 && !asks.IsNone)
            {
                // A service that does not take these parameters, or does not find so few among so many: all are looked at here.
                asks = BatchFilter.None;
                continue;
            }

            foreach (var batch in page.Batches.Where(filter.Matches).Take(left))
            {
                yield return batch;
                left--;
            }

            if (page.Batches is [.., var oldest] && filter.IsTooOld(oldest))
            {
                yield break;
            }

            var last = page.Batches.Count == 0 ? null : page.Batches[^1].Id;

            // A service that ignores the cursor would return the same page forever.
            if (last is null || last == after || !(page.HasMore ?? page.Batches.Count == asked))
            {
                yield break;
            }

            after = last;
        }
    }
}
