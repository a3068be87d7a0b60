using BatchFunctions.Cli.Api;
using BatchFunctions.Progress;

namespace BatchFunctions.Cli.Waiting;

/// <summary>
/// How a batch gets on: as the service says where it offers this, from the first look on; otherwise by what was seen of its counts.
/// </summary>
internal sealed class BatchPace(ApiClient client, TimeProvider time)
{
    private ProgressHistory _seen = ProgressHistory.None;
    private bool _isOffered = true;

    /// <summary>What is to be said of a batch that has just been seen.</summary>
    public async Task<BatchGait> OfAsync(Batch batch, CancellationToken ct)
    {
        if (batch is not { Status: "in_progress", RequestCounts: { Total: > 0 } counts })
        {
            return default;
        }

        var now = time.GetUtcNow();
        _seen = _seen.With(now, counts.Done);
        return await AskAsync(batch.Id, ct) is { } said
            ? new BatchGait(
                new ProgressEstimate(
                    said.LinesPerSecond,
                    said.SecondsLeft is { } left ? TimeSpan.FromSeconds(left) : null,

                    // By the service's clock, from which this machine's may be far.
                    said.StalledSince is { } since ? now - TimeSpan.FromSeconds(Math.Max(0, said.At - since)) : null),
                said.Upstream is { IsAway: true } away ? away : null)
            : new BatchGait(ProgressEstimate.Of(_seen, counts.Total, now), null);
    }

    private async Task<BatchProgress?> AskAsync(string id, CancellationToken ct)
    {
        if (!_isOffered)
        {
            return null;
        }

        try
        {
            return await client.GetProgressAsync(id, ct);
        }
        catch (ApiException e)
        {
            _isOffered = e.IsPassing;
            return null;
        }
    }
}

/// <summary>How a batch gets on.</summary>
/// <param name="Estimate">How fast, and for how long still.</param>
/// <param name="Away">The upstream, where nobody gets through to it.</param>
internal readonly record struct BatchGait(ProgressEstimate Estimate, UpstreamHealth? Away);
