using System.Runtime.CompilerServices;

namespace BatchFunctions.Cli.Api;

/// <summary>Walks the list of batches, page by page.</summary>
internal static class BatchWalk
{
    private const int LongestPage = 100;

    /// <summary>Batches, newest first.</summary>
    /// <param name="client">The service.</param>
    /// <param name="count">At most so many; null for all.</param>
    /// <param name="ct">Ends the wait.</param>
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

            // A service that takes no cursor answers the same page for ever.
            if (last is null || last == after || !(page.HasMore ?? page.Batches.Count == asked))
            {
                yield break;
            }

            after = last;
        }
    }
}
