using BatchFunctions.Cli.Api;

namespace BatchFunctions.Cli.Retry;

/// <summary>Has a service make a batch of what another has left over, and no second one if an answer is lost.</summary>
internal static class BatchRetry
{
    /// <summary>Makes the batch.</summary>
    /// <param name="client">The service.</param>
    /// <param name="original">A batch that has ended.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="ct">Cancels the operation.</param>
    /// <returns>The batch; null if the service has no such operation.</returns>
    public static async Task<Batch?> TryAsync(ApiClient client, Batch original, RetryRequest request, CancellationToken ct)
    {
        var delay = client.Times.FirstDelay;
        var key = ApiClient.NewKey();
        for (var tried = 0; ; tried++)
        {
            try
            {
                return await client.RetryBatchAsync(original.Id, request, key, ct);
            }
            catch (ApiException e) when (e.Status is 404 or 405)
            {
                return null;
            }
            catch (ApiException e) when (e.IsPassing && tried < client.Times.Retries)
            {
                await Task.Delay(delay, ct);
                delay *= 2;
                var now = await client.GetBatchAsync(original.Id, ct);
                if (now.Retries is [.., var last] && original.Retries?.Contains(last, StringComparer.Ordinal) != true)
                {
                    return await client.GetBatchAsync(last, ct);
                }
            }
        }
    }
}
