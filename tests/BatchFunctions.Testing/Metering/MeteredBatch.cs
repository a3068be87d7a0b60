using BatchFunctions.Batches;

namespace BatchFunctions.Testing.Metering;

/// <summary>
/// What a batch asks of storage, on a clock that leaps. Counted are all requests from the batch's creation until it is cleared
/// away, polling of all queues by the one process included, and what its last messages lead to after that, without the polling.
/// </summary>
public static class MeteredBatch
{
    /// <summary>Runs a batch.</summary>
    /// <param name="connection">A storage account that nobody else uses.</param>
    /// <param name="lines">Lines of the batch.</param>
    /// <param name="pace">How long the upstream takes for a line, on average.</param>
    /// <param name="settings">What else is set.</param>
    /// <returns>What was asked of storage, and how long the batch took on the clock that leaps.</returns>
    public static async Task<(StorageUse Use, TimeSpan Took)> RunAsync(
        string connection, int lines, TimeSpan pace, IReadOnlyDictionary<string, string?>? settings = null)
    {
        await using var service = await LeapingService.StartAsync(
            connection, time => new PacedUpstream(pace, spread: 1, time), settings);
        var began = service.Time.GetUtcNow();
        var ended = await service.RunAsync(lines);
        return ended.Status == BatchStatus.Completed && ended.Counts.Completed == lines
            ? (service.Asked.Use, service.Cleared.At - began)
            : throw new InvalidOperationException($"The batch has not run through: {ended.Status} {ended.Counts}.");
    }

    /// <summary>Runs small batches, one created right after the other, whose upstream answers in no time worth mentioning.</summary>
    /// <param name="connection">A storage account that nobody else uses.</param>
    /// <param name="batches">How many.</param>
    /// <param name="lines">Lines of each.</param>
    /// <returns>What all of them asked of storage, sweeps and polling included until the last has been cleared away.</returns>
    public static async Task<(StorageUse Use, IReadOnlyDictionary<string, int> Requests)> RunManyAsync(string connection, int batches, int lines)
    {
        await using var service = await LeapingService.StartAsync(
            connection, time => new PacedUpstream(TimeSpan.FromMilliseconds(100), spread: 1, time));
        var ended = await service.RunAsync(lines, batches);
        return ended.All(batch => batch.Status == BatchStatus.Completed && batch.Counts.Completed == lines)
            ? service.Asked
            : throw new InvalidOperationException("Not all of the batches have run through.");
    }
}
