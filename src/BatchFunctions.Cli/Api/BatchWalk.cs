using System.Runtime.CompilerServices;

namespace BatchFunctions.Cli.Api;

/// <summary>Lists batches page by page.</summary>
internal static class BatchWalk
{
    private const int LongestPage = 100;

    /// <summary>Lists batches, newest first.</summary>
    /// <param name="client">The service.</param>
    /// <param name="count">The most batches to list; null for all.</param>
    /// <param name="ct">Cancels the operation.</param>
    public static async IAsyncEnumerable<Batch> WalkAsync(
        ApiClient client, int? count, [EnumeratorCancellation] CancellationToken ct)
    {
        string? after = null;
        var left = count ?? int.MaxValue;
        while (left > 0)
        {
            var asked = Math.Min(left, LongestPage);
            var page = await client.ListBatchesAsync(asked, after, ct);
            foreach (var batch in page.Batches.Take(left))
            {
                yield return batch;
            }

            left -= page.Batches.Count;
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
