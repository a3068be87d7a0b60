using BatchFunctions.Cli.Api;

namespace BatchFunctions.Cli.Retry;

/// <summary>The batches that are retries of each other.</summary>
internal static class BatchFamily
{
    /// <summary>More than anybody retries; a service that names batches in a circle comes to an end.</summary>
    private const int Most = 200;

    /// <summary>
    /// A batch, those that it is a retry of, and all retries of these, the latest first. A service that does not name retries is asked
    /// for those alone that lead to the given one.
    /// </summary>
    public static async Task<IReadOnlyList<Batch>> OfAsync(ApiClient client, Batch batch, CancellationToken ct)
    {
        var known = new Dictionary<string, Batch>(StringComparer.Ordinal) { [batch.Id] = batch };
        var ahead = new Queue<Batch>([batch]);
        while (ahead.TryDequeue(out var next) && known.Count < Most)
        {
            foreach (var id in (next.Retries ?? []).Append(next.Retried).OfType<string>().Where(id => !known.ContainsKey(id)))
            {
                if (await FindAsync(client, id, ct) is { } found)
                {
                    known[id] = found;
                    ahead.Enqueue(found);
                }
            }
        }

        return [.. known.Values.OrderByDescending(member => member.CreatedAt).ThenByDescending(member => member.Id, StringComparer.Ordinal)];
    }

    /// <summary>A batch that another names; null if it is gone, or was never made.</summary>
    private static async Task<Batch?> FindAsync(ApiClient client, string id, CancellationToken ct)
    {
        try
        {
            return await client.GetBatchAsync(id, ct);
        }
        catch (ApiException e) when (e.Status == 404)
        {
            return null;
        }
    }
}
