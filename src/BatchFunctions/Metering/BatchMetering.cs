using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Ids;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;
using BatchFunctions.Telemetry;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Metering;

/// <summary>
/// Counts a batch that has ended, once, before its active row goes: until then whoever finds that row counts it again, and the row that
/// says that it has been counted makes it nothing. That one goes when the batch is looked at once more, a day after its end, and not while
/// the active row is there.
/// </summary>
internal sealed partial class BatchMetering(
    UsageStore usage, ActiveBatchStore active, ProtocolSteps steps, RareLog rare, TimeProvider time, ILogger<BatchMetering> logger)
{
    /// <summary>For how long after a batch's end the row that says that it has been counted is certain to be there.</summary>
    private static readonly TimeSpan Certain = TimeSpan.FromHours(12);

    /// <summary>Counts a batch, as its row says that it has ended.</summary>
    public async Task CountAsync(Batch ended, CancellationToken ct)
    {
        if (ended.Unreadable is not null || ended.EndedAt is not { } at)
        {
            return;
        }

        if (time.GetUtcNow() - at > Certain && !await active.IsActiveAsync(ended.Key, ct))
        {
            // A process that woke long after others have cleared the batch away.
            return;
        }

        try
        {
            await usage.AddAsync(ended.Key, new UsageOfDay(DateOnly.FromDateTime(at.UtcDateTime), ended.Model, UsageSum.Of(ended)), ct);
        }
        catch (Exception e) when (StorageFaults.IsRefusal(e))
        {
            // A table that nobody has made yet, or may use: that is no reason to keep batches from being cleared away.
            if (rare.IsNews("usage is refused"))
            {
                Log.NotCounted(logger, e, ended.Id);
            }

            return;
        }

        await steps.ReachedAsync(ProtocolStep.UsageWritten, ct);
    }

    /// <summary>Forgets that a batch has been counted: it is cleared away for long.</summary>
    public Task ForgetAsync(BatchKey key, CancellationToken ct) => usage.ForgetAsync(key, ct);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Storage refuses the table of usage: batch {BatchId}, and others until that is put right, are not counted.")]
        public static partial void NotCounted(ILogger logger, Exception e, string batchId);
    }
}
