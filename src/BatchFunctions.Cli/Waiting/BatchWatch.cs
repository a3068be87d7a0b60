using BatchFunctions.Cli.Api;

namespace BatchFunctions.Cli.Waiting;

/// <summary>Polls a batch until it has ended.</summary>
internal sealed class BatchWatch(ApiClient client, PollTimes times, TimeProvider time)
{
    private const double Growth = 1.2;
    private const double Jitter = 0.1;

    /// <summary>Waits until the batch has ended.</summary>
    /// <param name="id">The batch's id.</param>
    /// <param name="seen">Is given each answer; says whether it has brought something, so that the next is asked for sooner.</param>
    /// <param name="unanswered">Is told for how long the service has not answered.</param>
    /// <param name="ct">Cancels the wait; the batch goes on.</param>
    /// <returns>The batch, which has ended.</returns>
    /// <exception cref="ApiException">
    /// The service refuses, or has not answered for <see cref="PollTimes.Patience"/>.
    /// </exception>
    public async Task<Batch> UntilEndedAsync(string id, Func<Batch, Task<bool>> seen, Action<TimeSpan> unanswered, CancellationToken ct)
    {
        var gap = times.First;
        DateTimeOffset? silentSince = null;
        while (true)
        {
            var asked = time.GetUtcNow();
            try
            {
                var batch = await client.GetBatchAsync(id, ct);
                gap = await seen(batch) ? times.First : gap;
                silentSince = null;
                if (batch.HasEnded)
                {
                    return batch;
                }
            }
            catch (ApiException e) when (e.IsPassing && time.GetUtcNow() - (silentSince ??= asked) < times.Patience)
            {
                unanswered(time.GetUtcNow() - silentSince.Value);
            }

            await Task.Delay(gap * (1 + Jitter * (2 * Random.Shared.NextDouble() - 1)), time, ct);
            gap = gap * Growth < times.Longest ? gap * Growth : times.Longest;
        }
    }
}
