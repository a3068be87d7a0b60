using Azure;
using BatchFunctions.Batches;
using BatchFunctions.Configuration;
using BatchFunctions.Storage;
using BatchFunctions.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Processing;

/// <summary>
/// Tells an input that is gone for good from one that cannot be read at the moment. Gone is what storage says twice that it
/// does not have, with a pause in between, or what is provably not what was validated. What storage refuses to hand out
/// (403, an archived blob) is looked for again ever later, until the batch is closed for its deadline.
/// </summary>
internal sealed partial class InputWatch(
    InputBlobs blobs, RareLog rare, IOptions<BatchOptions> options, TimeProvider time, ILogger<InputWatch> logger)
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(30);

    /// <summary>Of a failure that may pass: short, since most are over at once, and at the longest what one waits gladly after an hour's.</summary>
    private static readonly TimeSpan ShortestOfFault = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestOfFault = TimeSpan.FromMinutes(1);

    /// <summary>Whether a failure means that trying the same again at once cannot help.</summary>
    public static bool IsLasting(Exception e) =>
        e is FileNotFoundException or InputChangedException || (e is RequestFailedException && !StorageFaults.IsFault(e));

    /// <summary>Judges what a run of one of the batch's chunks has met.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="met">What was met; null if nothing was.</param>
    /// <param name="ct">Ends the pause before the second look.</param>
    public async Task<InputVerdict> JudgeAsync(Batch batch, Exception? met, CancellationToken ct)
    {
        if (met is null || !IsLasting(met))
        {
            return InputVerdict.Passing;
        }

        if (met is InputChangedException)
        {
            return Lost(batch, met);
        }

        if (met is FileNotFoundException or RequestFailedException { Status: 404 })
        {
            return await IsGoneStillAsync(batch, ct) ? Lost(batch, met) : InputVerdict.Passing;
        }

        if (rare.IsNews($"refused {batch.Id}"))
        {
            Log.Refused(logger, met, batch.Id);
        }

        return new InputVerdict(IsLost: false, time.GetUtcNow() + PauseOf(batch, ShortestPause, LongestPause));
    }

    /// <summary>
    /// When a chunk is taken up again whose run has met a failure of storage that may pass: ever later, so that an outage, however long,
    /// neither uses up its message's tries nor is asked at once by all.
    /// </summary>
    public DateTimeOffset AgainAfterFault(Batch batch) => time.GetUtcNow() + PauseOf(batch, ShortestOfFault, LongestOfFault);

    private async Task<bool> IsGoneStillAsync(Batch batch, CancellationToken ct)
    {
        if (rare.WasSaid(LostKey(batch)))
        {
            return true;
        }

        await Task.Delay(options.Value.StatusPoll, time, ct);
        try
        {
            return await blobs.IsGoneAsync(batch.InputBlob, ct);
        }
        catch (RequestFailedException)
        {
            return false;
        }
    }

    private InputVerdict Lost(Batch batch, Exception met)
    {
        if (rare.IsNews(LostKey(batch)))
        {
            Log.Lost(logger, met, batch.Id);
        }

        return InputVerdict.Lost;
    }

    /// <summary>Half of the time without progress, so that each pause is longer than the one before.</summary>
    private TimeSpan PauseOf(Batch batch, TimeSpan shortest, TimeSpan longest)
    {
        var pause = (time.GetUtcNow() - (batch.ProgressAt ?? batch.CreatedAt)) / 2;
        return pause < shortest ? shortest : pause > longest ? longest : pause;
    }

    private static string LostKey(Batch batch) => $"lost {batch.Id}";

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Batch {BatchId}: its input can no longer be read as it was validated; the batch fails, and what was answered is kept.")]
        public static partial void Lost(ILogger logger, Exception e, string batchId);

        [LoggerMessage(Level = LogLevel.Error, Message = "Batch {BatchId}: storage refuses to hand out its input; the batch waits, until its deadline at the latest.")]
        public static partial void Refused(ILogger logger, Exception e, string batchId);
    }
}
