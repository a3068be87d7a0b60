using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Configuration;
using BatchFunctions.Protocol;
using BatchFunctions.Telemetry;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Processing;

/// <summary>
/// What the sweep does about one batch that has not ended, or is not yet cleared away: sends lost messages again, looks after its
/// chunks (<see cref="ChunkSweep"/>), has the batch closed when it is due, and clears away after it. A batch about which nothing can need it before a given
/// time is let rest until then, by a write of its active row.
/// </summary>
internal sealed partial class ActiveBatchSweep(
    BatchStore batches,
    ActiveBatchStore active,
    BatchLooks looks,
    ChunkSweep chunks,
    LastResort lastResort,
    BatchClearing clearing,
    ChunkMessages messages,
    BatchQueues queues,
    ProtocolSteps steps,
    RareLog rare,
    IOptions<BatchOptions> options,
    TimeProvider time,
    ILogger<ActiveBatchSweep> logger)
{
    private readonly BatchOptions _options = options.Value;

    /// <summary>Looks after the batch of an active row.</summary>
    /// <param name="row">The active row.</param>
    /// <param name="seen">Receives the batch, if it has not ended.</param>
    /// <param name="ct">Fires when the host shuts down.</param>
    public async Task RunAsync(ActiveBatch row, ActiveBatchCensus seen, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var found = await batches.FindAnyAsync(row.Key, ct);
        using var span = found is null ? null : BatchTracing.StartSweep(found.Id, found.TraceParent);
        if (found is { } running && !running.Status.HasEnded())
        {
            seen.Add(running, ProgressOf(running), now);
        }

        // When something may be to be done; null where that is now.
        DateTimeOffset? next = null;
        var isHeld = false;
        switch (found)
        {
            case null:
                if (now - row.CreatedAt > _options.CreateLost)
                {
                    await active.DeleteAsync(row.Key, ct);
                }

                break;
            case { Unreadable: { } reason } batch:
                if (rare.IsNews($"unreadable {batch.Id}"))
                {
                    Log.Unreadable(logger, batch.Id, reason);
                }

                await lastResort.ClearUnreadableAsync(batch, row, ct);
                break;
            case { } batch when batch.Status.HasEnded():
                await clearing.RunAsync(batch, ct);
                break;
            case { } batch when await lastResort.TryEndAsync(batch, row, ct):
                break;
            case { Status: BatchStatus.Validating } batch when !batch.IsOverdue(now):
                next = await SendAgainAsync(batch, _options.WakeUpLost, now, ct);
                break;
            case { Status: BatchStatus.InProgress } batch when !batch.IsOverdue(now):
                (next, isHeld) = await SweepRunningAsync(batch, row, seen, now, ct);
                break;
            default:
                // Finalizing, cancelling, or past its deadline: an advance finishes it or closes what is idle.
                await queues.AskAdvanceAsync(row.Key, ct);
                break;
        }

        if (found is null || next is not { } due || !await TryRestAsync(row, found, due < found.ExpiresAt ? due : found.ExpiresAt, seen, now, ct))
        {
            seen.Restless += isHeld ? 0 : 1;
            await NoteAsync(row, found, ct);
        }
    }

    /// <summary>
    /// Lets a batch rest, where it is worth a write: not one that is about to be looked at anyway, nor a young one. It is refused if somebody
    /// has begun something since the row was read.
    /// </summary>
    private async Task<bool> TryRestAsync(
        ActiveBatch row, Batch batch, DateTimeOffset until, ActiveBatchCensus seen, DateTimeOffset now, CancellationToken ct)
    {
        if (row.RestsAt(now) || now - batch.CreatedAt < looks.Calm || until < now + _options.SweepInterval
            || !await active.TryRestAsync(row, until, batch.Status.Wire(), LinesOf(row, batch), ProgressOf(batch), ct))
        {
            return false;
        }

        await steps.ReachedAsync(ProtocolStep.RestNoted, ct);
        seen.AddResting(row, until, now, isCounted: true);
        return true;
    }

    /// <summary>The lines that a project's quota counts: before its validation, those that the batch was made with.</summary>
    private static int LinesOf(ActiveBatch row, Batch batch) => batch.Status == BatchStatus.Validating ? row.Lines : batch.WaitingLines;

    /// <summary>Notes in the active row what the project's quota counts, where it has changed much.</summary>
    private async Task NoteAsync(ActiveBatch row, Batch? batch, CancellationToken ct)
    {
        if (batch is null or { Status: BatchStatus.Validating } || batch.Status.HasEnded())
        {
            return;
        }

        if (row.IsOutdated(batch.Status.Wire(), batch.WaitingLines, batch.Counts.Total))
        {
            await active.NoteAsync(row, batch.Status.Wire(), batch.WaitingLines, ct);
        }
    }

    private static DateTimeOffset ProgressOf(Batch batch) => batch.ProgressAt ?? batch.CreatedAt;

    /// <returns>
    /// When something may be to be done, null where that is now, or may be as soon as a lease is over; and whether there is such a lease.
    /// </returns>
    private async Task<(DateTimeOffset? Next, bool IsHeld)> SweepRunningAsync(
        Batch batch, ActiveBatch row, ActiveBatchCensus seen, DateTimeOffset now, CancellationToken ct)
    {
        var swept = await chunks.RunAsync(batch, row, seen, now, ct);
        if (swept.Open == 0)
        {
            await queues.AskAdvanceAsync(batch.Key, ct);
            return (null, false);
        }

        var next = swept.Next;
        if (swept.IsHeld || swept.IsOwed)
        {
            var again = await SendAgainAsync(batch, _options.ProgressLost, now, ct);
            next = again < next ? again : next;
        }

        return (!swept.IsHeld && swept.IsCalm ? next : null, swept.IsHeld);
    }

    /// <summary>
    /// Sends the batch's messages again if it has made no progress for the given time, which doubles each time: a long
    /// queue is not a lost message, and what is sent for nothing makes it longer.
    /// </summary>
    /// <returns>When it is to be done next.</returns>
    private async Task<DateTimeOffset> SendAgainAsync(Batch batch, TimeSpan patience, DateTimeOffset now, CancellationToken ct)
    {
        var progress = ProgressOf(batch);
        var since = batch.SentAgainAt > progress ? batch.SentAgainAt.Value : progress;
        if (now - since < PatienceOf(batch.Resends))
        {
            return since + PatienceOf(batch.Resends);
        }

        Log.SentAgain(logger, batch.Id, batch.Status, now - progress);
        if (batch.Status == BatchStatus.Validating)
        {
            await queues.SendValidateAsync(batch.Key, TimeSpan.Zero, ct);
        }
        else
        {
            await messages.SendUnclaimedAsync(batch, ct);
        }

        await batches.MutateAsync(
            batch.Key,
            // Of sweeps that send it at once one counts: there is as little behind all of them.
            current => current.Status == batch.Status && current.SentAgainAt == batch.SentAgainAt
                ? current.SentAgain(now)
                : null,
            ct);
        return now + PatienceOf(batch.Resends + 1);

        TimeSpan PatienceOf(int resends) => patience * Math.Pow(2, Math.Min(resends, 10));
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Batch {BatchId}: its row cannot be read ({Reason}); it counts as failed, and is cleared away after its deadline unless the row is mended.")]
        public static partial void Unreadable(ILogger logger, string batchId, string reason);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Batch {BatchId} ('{Status}') has made no progress for {Age}; its messages are sent again.")]
        public static partial void SentAgain(ILogger logger, string batchId, BatchStatus status, TimeSpan age);
    }
}
