using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Configuration;
using BatchFunctions.Storage;
using BatchFunctions.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Processing;

/// <summary>
/// The end of a batch that cannot be closed past its deadline, or whose row cannot be read: <see cref="BatchOptions.LastResort"/> after the
/// first sweep that tried, which the active row says, and not after the deadline itself. A service that stood still beyond that has tried
/// nothing yet, and nobody could mend a row of which no log told.
/// </summary>
internal sealed partial class LastResort(
    ActiveBatchStore active,
    BatchStore batches,
    ChunkStore chunks,
    BatchAdvance advance,
    BatchFinish finish,
    BatchClearing clearing,
    RareLog rare,
    IOptions<BatchOptions> options,
    TimeProvider time,
    ILogger<LastResort> logger)
{
    /// <summary>By how much clocks may differ that leases are taken by.</summary>
    private static readonly TimeSpan ClocksApart = TimeSpan.FromMinutes(1);

    private readonly BatchOptions _options = options.Value;

    /// <summary>
    /// Fails a batch past its deadline that has been closed for long enough in vain. Closing is tried once more before that, since the service may have
    /// stood still since it was first tried. It is tried only where nobody has a chunk in hand: a worker that wakes with it closes it, and who has
    /// tried to since storage failed leaves it held for a lease.
    /// </summary>
    /// <param name="batch">The batch, which has not ended.</param>
    /// <param name="row">Its active row.</param>
    /// <param name="ct">Fires when the host shuts down.</param>
    /// <returns>Whether nothing else is to be done about it; false if it is to be closed in the ordinary way.</returns>
    public async Task<bool> TryEndAsync(Batch batch, ActiveBatch row, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        if (!batch.IsOverdue(now))
        {
            return false;
        }

        if (row.ClosingSince is not { } since)
        {
            await active.TryNoteClosingAsync(row, now, ct);
            return false;
        }

        if (now <= since + _options.LastResort)
        {
            return false;
        }

        if (await TryAdvanceAsync(batch, ct))
        {
            return true;
        }

        if (rare.IsNews($"last resort {batch.Id}"))
        {
            Log.LastResort(logger, batch.Id, batch.Status);
        }

        await finish.GiveUpAsync(batch.Key, BatchFailures.NotClosed, since, ct);
        return true;
    }

    /// <summary>Clears away after a batch whose row has been unreadable for long enough past its deadline.</summary>
    /// <param name="batch">The batch, which cannot be read.</param>
    /// <param name="row">Its active row.</param>
    /// <param name="ct">Fires when the host shuts down.</param>
    public async Task ClearUnreadableAsync(Batch batch, ActiveBatch row, CancellationToken ct)
    {
        var now = time.GetUtcNow();

        // The deadline may be what cannot be read.
        if (!batch.IsOverdue(now) || now < batch.CreatedAt + _options.CompletionWindow)
        {
            return;
        }

        if (row.UnreadableSince is not { } since)
        {
            await active.TryNoteUnreadableAsync(row, now, ct);
        }
        else if (now > since + _options.LastResort)
        {
            await clearing.RunAsync(batch, ct);
        }
    }

    /// <returns>Whether the batch has ended, or somebody is about to close it.</returns>
    private async Task<bool> TryAdvanceAsync(Batch batch, CancellationToken ct)
    {
        try
        {
            await advance.AdvanceAsync(batch.Key, ct);
            if (await IsInHandAsync(batch, ct))
            {
                return true;
            }
        }
        catch (Exception e) when (
            e is not (OutOfMemoryException or NewerRowException) && !StorageFaults.MayPass(e) && !ct.IsCancellationRequested)
        {
            if (rare.IsNews($"not closed {batch.Id}"))
            {
                Log.NotClosed(logger, e, batch.Id);
            }
        }

        return await batches.FindAnyAsync(batch.Key, ct) is not { } after || after.Status.HasEnded();
    }

    /// <summary>Whether a chunk of the batch is held, and by a lease that anybody could have taken: one that ends far ahead is a clock's fault.</summary>
    private Task<bool> IsInHandAsync(Batch batch, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        return chunks.ListAsync(batch.Id, batch.Settled.Count, ct)
            .AnyAsync(chunk => chunk.IsHeld(now) && chunk.LeaseUntil <= now + _options.Lease + ClocksApart, ct)
            .AsTask();
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Batch {BatchId} is '{Status}' long past its deadline and cannot be closed; it fails, with the results that there are.")]
        public static partial void LastResort(ILogger logger, string batchId, BatchStatus status);

        [LoggerMessage(Level = LogLevel.Error, Message = "Batch {BatchId} is long past its deadline, and the last attempt to close it has failed.")]
        public static partial void NotClosed(ILogger logger, Exception e, string batchId);
    }
}
