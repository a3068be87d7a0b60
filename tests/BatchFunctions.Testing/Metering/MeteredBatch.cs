using BatchFunctions.Batches;
using BatchFunctions.Storage;

namespace BatchFunctions.Testing.Metering;

/// <summary>
/// What a batch asks of storage, on a clock that leaps. Counted are all requests from the batch's creation until it is cleared
/// away, polling of all queues by the one process included, and what its last messages lead to after that, without the polling.
/// </summary>
internal static class MeteredBatch
{
    /// <summary>Runs a batch.</summary>
    /// <param name="lines">Lines of the batch.</param>
    /// <param name="pace">How long the upstream takes for a line, on average.</param>
    /// <param name="settings">What else is set.</param>
    /// <returns>What was asked of storage, and how long the batch took on the clock that leaps.</returns>
    public static async Task<(StorageUse Use, TimeSpan Took)> RunAsync(
        int lines, TimeSpan pace, IReadOnlyDictionary<string, string?>? settings = null)
    {
        var (use, took, _) = await RunCountingStepsAsync(lines, pace, settings);
        return (use, took);
    }

    /// <summary>Runs a batch, and counts also how often the function that takes up batches and ends them was called.</summary>
    /// <inheritdoc cref="RunAsync"/>
    public static async Task<(StorageUse Use, TimeSpan Took, int Steps)> RunCountingStepsAsync(
        int lines, TimeSpan pace, IReadOnlyDictionary<string, string?>? settings = null)
    {
        await using var service = await LeapingService.StartAsync(
            time => new PacedUpstream(pace, spread: 1, time), settings);
        var began = service.Time.GetUtcNow();
        var ended = await service.RunAsync(lines);
        return ended.Status == BatchStatus.Completed && ended.Counts.Completed == lines
            ? (service.Asked.Use, service.Cleared.At - began, Steps(service.Asked.Requests))
            : throw new InvalidOperationException($"The batch has not run through: {ended.Status} {ended.Counts}.");
    }

    /// <summary>Each call ends with its message's deletion.</summary>
    private static int Steps(IReadOnlyDictionary<string, int> requests) =>
        requests.Where(request => request.Key.StartsWith($"DELETE {QueueNames.Steps} ", StringComparison.Ordinal)).Sum(request => request.Value);

    /// <summary>
    /// Runs a batch of which four lines in ten expire, and a retry of it: what each asked of storage and of the upstream, and what both of
    /// their files together say of each line.
    /// </summary>
    /// <param name="lines">Lines of the batch, a thousand or more.</param>
    public static async Task<(MeteredRun First, MeteredRun Retry, IReadOnlyList<string> Succeeded)> RunRetryAsync(int lines)
    {
        const int Concurrency = 64;
        var pace = TimeSpan.FromMinutes(10) / (lines * 0.6 / Concurrency);
        PacedUpstream? upstream = null;
        await using var service = await LeapingService.StartAsync(
            time => upstream = new PacedUpstream(pace, spread: 0.2, time),
            new Dictionary<string, string?> { ["Batch:Upstream:Concurrency"] = $"{Concurrency}" });
        var expired = (await service.RunAsync(lines, batches: 1, window: "10m"))[0];
        var first = new MeteredRun(expired.Status, expired.Counts, service.Asked.Use, upstream!.Answered);
        var again = await service.RetryAsync(expired.Key);
        var succeeded = (await service.ReadAsync(expired.OutputFileId)).Concat(await service.ReadAsync(again.OutputFileId))
            .Select(line => line.GetProperty("custom_id").GetString()!)
            .ToList();
        return (first, new MeteredRun(again.Status, again.Counts, service.Asked.Use, upstream.Answered - first.Calls), succeeded);
    }

    /// <summary>Runs small batches, one created right after the other, whose upstream answers in no time worth mentioning.</summary>
    /// <param name="batches">How many.</param>
    /// <param name="lines">Lines of each.</param>
    /// <returns>What all of them asked of storage, sweeps and polling included until the last has been cleared away.</returns>
    public static async Task<(StorageUse Use, IReadOnlyDictionary<string, int> Requests)> RunManyAsync(int batches, int lines)
    {
        await using var service = await LeapingService.StartAsync(
            time => new PacedUpstream(TimeSpan.FromMilliseconds(100), spread: 1, time));
        var ended = await service.RunAsync(lines, batches);
        return ended.All(batch => batch.Status == BatchStatus.Completed && batch.Counts.Completed == lines)
            ? service.Asked
            : throw new InvalidOperationException("Not all of the batches have run through.");
    }
}

/// <summary>What became of a batch, and what it asked.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Counts">Its counts.</param>
/// <param name="Use">What was asked of storage.</param>
/// <param name="Calls">Calls that the upstream answered.</param>
internal sealed record MeteredRun(BatchStatus Status, RequestCounts Counts, StorageUse Use, int Calls);
