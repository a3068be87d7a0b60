using BatchFunctions.Files;
using BatchFunctions.Http;
using BatchFunctions.Ids;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Batches;

/// <summary>
/// Deletes a batch that has ended, in this order: the entries by which sweeps go on with it, the tombstone in its row, its result
/// files, and the sweep that removes what is left of it, its row last (<c>BatchRemoval</c>). From the tombstone on it is there for nobody.
/// Its input stays: it is the caller's, and others may be made of it. A crash before the tombstone leaves entries that find a batch
/// without one, and go; behind it, as a fault of storage, entries that do the rest.
/// </summary>
internal sealed partial class BatchDeletion(
    BatchStore batches,
    FileDeletion files,
    ExpiringStore expiring,
    BatchQueues queues,
    ProtocolSteps steps,
    TimeProvider time,
    ILogger<BatchDeletion> logger)
{
    /// <summary>The longest time from the entries to the tombstone, after which it is not written any more.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>When a sweep goes on with what a crash has left.</summary>
    private static readonly TimeSpan GoesOnAfter = 2 * Limit;

    /// <returns>Whether there was such a batch.</returns>
    /// <exception cref="ApiException">It has not ended, is being retried, or its row cannot be read.</exception>
    /// <exception cref="StorageUnavailableException">Storage took too long; the batch stays.</exception>
    public async Task<bool> TryDeleteAsync(BatchKey key, CancellationToken ct)
    {
        if (await batches.FindAsync(key, ct) is not { } found)
        {
            return false;
        }

        await CheckAsync(found, ct);
        var now = time.GetUtcNow();
        await expiring.AddAsync(EntryOf(key, now + GoesOnAfter), ct);
        if (await BuryAsync(key, ct) is not { } batch)
        {
            return false;
        }

        // From here on a client's disconnecting changes nothing: the batch is gone for it.
        await steps.ReachedAsync(ProtocolStep.BatchTombstoneWritten, CancellationToken.None);
        try
        {
            await ClearAsync(batch, now);
        }
        catch (Exception e) when (StorageFaults.IsFault(e))
        {
            // As told to ask again, a client would be told then that there is no such batch. The entry above goes on.
            Log.LeftToSweep(logger, e, key.Id);
        }

        return true;
    }

    private async Task ClearAsync(Batch batch, DateTimeOffset now)
    {
        foreach (var file in batch.ResultFileIds)
        {
            await files.TryDeleteOfEndedAsync(batch.Tenant, file, CancellationToken.None);
        }

        await steps.ReachedAsync(ProtocolStep.DeletedBatchFilesGone, CancellationToken.None);
        await expiring.AddAsync(EntryOf(batch.Key, now), CancellationToken.None);
        await queues.AskSweepAsync(TimeSpan.Zero, CancellationToken.None);
    }

    private static ExpiringEntry EntryOf(BatchKey key, DateTimeOffset due) => new(
        ExpiringKind.DeletedBatch, key.Tenant, key.Id, new BlobLocation(ContainerNames.Batches, key.Id + "/"), due);

    /// <returns>The batch with its tombstone; null if another has written it.</returns>
    private async Task<Batch?> BuryAsync(BatchKey key, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            return await batches.TryBuryAsync(key, CheckAsync, either.Token);
        }
        catch (OperationCanceledException e) when (limit.IsCancellationRequested)
        {
            throw new StorageUnavailableException(e);
        }
    }

    /// <summary>
    /// Refuses what has not ended. A retry that has not ended reads the batch and its files; one that is still to get its row
    /// counts as such for as long as it may.
    /// </summary>
    private async Task CheckAsync(Batch batch, CancellationToken ct)
    {
        if (batch.Unreadable is not null)
        {
            throw new ApiException(BatchErrors.CannotDeleteUnreadable);
        }

        if (!batch.Status.HasEnded())
        {
            throw new ApiException(BatchErrors.CannotDelete(batch.Status.Wire()));
        }

        if (batch.Retries is [.., var last])
        {
            var retry = await batches.FindAsync(batch.Key with { Id = last }, ct);
            if (retry is null ? BatchRetry.IsBeingMade(last, time.GetUtcNow()) : !retry.Status.HasEnded())
            {
                throw new ApiException(BatchErrors.CannotDeleteRetried(last));
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Batch {BatchId} is deleted; its files could not be removed yet, and are by a later sweep.")]
        public static partial void LeftToSweep(ILogger logger, Exception e, string batchId);
    }
}
