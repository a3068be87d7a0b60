using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Files;
using BatchFunctions.Ids;
using BatchFunctions.Storage;
using BatchFunctions.Telemetry;
using BatchFunctions.Uploads;
using BatchFunctions.Webhooks;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Processing;

/// <summary>
/// Removes what has expired, entry by entry: first the blob, then the row, last the entry, so that a crash leaves an
/// entry that is still due. What lives on gets a new entry before its old one goes.
/// </summary>
internal sealed partial class Expiry(
    ExpiringStore expiring,
    FileStore files,
    FileBlobs blobs,
    UploadExpiry uploads,
    ActiveBatchStore active,
    BatchStore batches,
    BatchLeftovers leftovers,
    BatchRemoval removal,
    DeliveryUpkeep deliveries,
    RareLog rare,
    TimeProvider time,
    ILogger<Expiry> logger)
{
    /// <summary>What is due by then is left to the next sweep and not to the hourly timer.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    /// <summary>How long the removal of a file is postponed if a batch still needs it.</summary>
    private static readonly TimeSpan PutOff = TimeSpan.FromHours(1);

    /// <summary>How long an entry is put off that cannot be settled for a reason that lasts.</summary>
    private static readonly TimeSpan PutOffFailed = TimeSpan.FromDays(1);

    /// <summary>Handles every entry that is due.</summary>
    /// <inheritdoc cref="RunDueAsync(Func{bool}, CancellationToken)"/>
    public Task<bool> RunDueAsync(CancellationToken ct) => RunDueAsync(static () => true, ct);

    /// <summary>
    /// Handles the entries that are due, the longest first, as far as there is time: the rest is due still. One that cannot be settled does
    /// not hold up the others; where there was no time for all of them, it comes behind them.
    /// </summary>
    /// <param name="hasTime">Whether there is time for more.</param>
    /// <param name="ct">Fires when the host shuts down.</param>
    /// <returns>Whether there is more to remove at once.</returns>
    public async Task<bool> RunDueAsync(Func<bool> hasTime, CancellationToken ct)
    {
        var isMore = false;
        var failed = new List<ExpiringEntry>();
        await foreach (var entry in expiring.ListDueAsync(time.GetUtcNow(), Unreadable, ct))
        {
            try
            {
                var next = await SettleAsync(entry, ct);
                await MoveAsync(entry, next, ct);
                isMore |= next <= time.GetUtcNow() + Soon;
            }
            catch (Exception e) when (StorageFaults.IsFault(e) && !ct.IsCancellationRequested)
            {
                Log.NotRemoved(logger, e, entry.Kind, entry.Id);
                failed.Add(entry);
            }
            catch (Exception e) when (e is not OutOfMemoryException && !ct.IsCancellationRequested)
            {
                Log.PutOff(logger, e, entry.Kind, entry.Id);
                await MoveAsync(entry, time.GetUtcNow() + PutOffFailed, ct);
            }

            if (!hasTime())
            {
                await MoveBehindAsync(failed, ct);
                return true;
            }
        }

        return isMore;
    }

    /// <summary>Puts entries that storage failed over behind those for which there was no time because of them.</summary>
    private async Task MoveBehindAsync(List<ExpiringEntry> failed, CancellationToken ct)
    {
        try
        {
            foreach (var entry in failed)
            {
                await MoveAsync(entry, Next(entry), ct);
            }
        }
        catch (Exception e) when (StorageFaults.IsFault(e) && !ct.IsCancellationRequested)
        {
            // It fails over everything, and not over one of them: where they stand does not matter.
        }
    }

    /// <summary>The next entry stands before this one goes.</summary>
    private async Task MoveAsync(ExpiringEntry entry, DateTimeOffset? next, CancellationToken ct)
    {
        if (next is { } due)
        {
            await expiring.AddAsync(entry with { Due = due }, ct);
        }

        await expiring.RemoveAsync(entry, ct);
    }

    private void Unreadable(string rowKey, Exception e)
    {
        if (rare.IsNews($"unreadable {rowKey}"))
        {
            Log.Unreadable(logger, e, rowKey);
        }
    }

    /// <summary>
    /// When the rest of a content goes of which only some went: with the next sweep, others having had their turn. An entry's time is
    /// part of its key, in milliseconds, so the next one's is another.
    /// </summary>
    private DateTimeOffset Next(ExpiringEntry entry)
    {
        var (now, least) = (time.GetUtcNow(), entry.Due.AddMilliseconds(1));
        return now > least ? now : least;
    }

    /// <returns>When to look again; null if nothing is left to look at.</returns>
    private async Task<DateTimeOffset?> SettleAsync(ExpiringEntry entry, CancellationToken ct)
    {
        switch (entry.Kind)
        {
            case ExpiringKind.File:
                return await SettleFileAsync(entry, ct);
            case ExpiringKind.Upload:
                return await uploads.SettleAsync(entry.Tenant, entry.Id, ct);
            case ExpiringKind.Batch:
                return await leftovers.SettleAsync(new BatchKey(entry.Tenant, entry.Id), ct);
            case ExpiringKind.DeletedBatch:
                var next = await removal.SettleAsync(new BatchKey(entry.Tenant, entry.Id), ct);
                return next <= entry.Due ? Next(entry) : next;
            case ExpiringKind.Delivery:
                return await deliveries.SettleAsync(entry.Tenant, entry.Id, ct);
            default:
                return await blobs.TryDeleteAsync(entry.Blob, ct) ? null : Next(entry);
        }
    }

    private async Task<DateTimeOffset?> SettleFileAsync(ExpiringEntry entry, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var file = await files.FindAnyAsync(entry.Tenant, entry.Id, ct);
        if (file is not null && !file.IsGone(now))
        {
            return file.ExpiresAt;
        }

        if (await IsWantedAsync(entry, file, ct))
        {
            return now + PutOff;
        }

        if (file is not null)
        {
            if (!await blobs.TryDeleteAsync(entry.Blob, ct))
            {
                return Next(entry);
            }

            await files.RemoveAsync(entry.Tenant, entry.Id, ct);
        }
        else
        {
            // A crash before or behind the commit: there may be staged blocks alone.
            await blobs.DiscardAsync(entry.Blob, ct);
        }

        return null;
    }

    /// <summary>
    /// Whether a batch that has not ended reads the file, or has yet to write the row of this result file.
    /// </summary>
    private async Task<bool> IsWantedAsync(ExpiringEntry entry, StoredFile? file, CancellationToken ct)
    {
        if (file is not null)
        {
            return await active.AnyReadsAsync(entry.Tenant, entry.Id, ct);
        }

        if (entry.Blob.Container != ContainerNames.Batches)
        {
            return false;
        }

        var batchId = entry.Blob.Name[..entry.Blob.Name.IndexOf('/', StringComparison.Ordinal)];
        return await batches.FindAsync(new BatchKey(entry.Tenant, batchId), ct) is { } batch && !batch.Status.HasEnded();
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "{Kind} {Id} has expired and could not be removed; the next sweep tries again.")]
        public static partial void NotRemoved(ILogger logger, Exception e, ExpiringKind kind, string id);

        [LoggerMessage(Level = LogLevel.Error, Message = "{Kind} {Id} has expired and cannot be removed; it is looked at again in a day.")]
        public static partial void PutOff(ILogger logger, Exception e, ExpiringKind kind, string id);

        [LoggerMessage(Level = LogLevel.Error, Message = "The entry {RowKey} of the table of what expires cannot be read; what it refers to stays until the entry is mended.")]
        public static partial void Unreadable(ILogger logger, Exception e, string rowKey);
    }
}
