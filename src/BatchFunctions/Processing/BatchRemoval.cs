using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Files;
using BatchFunctions.Ids;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Processing;

/// <summary>
/// Removes what is left of a batch that was deleted: its result files, its chunks' rows, its blobs, its name in the batch that it is a
/// retry of, what the list's index has of it, and last its row. A day later it looks once more, for what storage carried out when its sender had long given it up.
/// Every step may be repeated; a crash in between leaves the entry that is due.
/// </summary>
internal sealed partial class BatchRemoval(
    BatchStore batches,
    BatchIndex index,
    ActiveBatchStore active,
    ChunkStore chunks,
    FileDeletion files,
    FileBlobs blobs,
    ProtocolSteps steps,
    TimeProvider time,
    ILogger<BatchRemoval> logger)
{
    private static readonly TimeSpan LooksAgainAfter = TimeSpan.FromDays(1);

    /// <summary>How long the removal waits for a batch that is still being cleared away.</summary>
    private static readonly TimeSpan PutOff = TimeSpan.FromSeconds(10);

    /// <returns>When to look again; null if nothing is left to look at.</returns>
    public async Task<DateTimeOffset?> SettleAsync(BatchKey key, CancellationToken ct)
    {
        var batch = await batches.FindAnyAsync(key, ct);
        if (batch is { Deleted: false } && batch.Status.HasEnded())
        {
            // Its deleter never came as far as the tombstone.
            return null;
        }

        if (await active.IsActiveAsync(key, ct))
        {
            return time.GetUtcNow() + PutOff;
        }

        foreach (var file in batch?.ResultFileIds ?? [])
        {
            await files.TryDeleteOfEndedAsync(key.Tenant, file, ct);
        }

        await chunks.DeleteAllAsync(key.Id, _ => Task.CompletedTask, ct);
        if (!await blobs.TryDeleteAsync(new BlobLocation(ContainerNames.Batches, key.Id + "/"), ct))
        {
            return time.GetUtcNow();
        }

        await steps.ReachedAsync(ProtocolStep.DeletedBatchBlobsGone, ct);
        if (batch is null)
        {
            return null;
        }

        if (batch.EndedAt + LateWrites.Longest is { } until && until > time.GetUtcNow())
        {
            // Its row may have been inserted less than that ago.
            return until;
        }

        await UnlinkAsync(batch, ct);
        await steps.ReachedAsync(ProtocolStep.DeletedBatchUnlinked, ct);
        await index.RemoveAsync(key.Tenant, EndedBatch.Of(batch), ct);
        await batches.RemoveAsync(key, ct);
        await steps.ReachedAsync(ProtocolStep.DeletedBatchRowRemoved, ct);
        Log.Removed(logger, key.Id);
        return time.GetUtcNow() + LooksAgainAfter;
    }

    /// <summary>
    /// In the batch above it its own retries take its place, and they go on with that one: what has succeeded in any of them is not sent once
    /// more. They come first: a crash in between leaves its row, which leads on to them.
    /// </summary>
    private async Task UnlinkAsync(Batch batch, CancellationToken ct)
    {
        if (batch.Above is { } original)
        {
            foreach (var retry in batch.Retries)
            {
                await batches.NoteAboveAsync(batch.Key with { Id = retry }, batch.Id, original, ct);
                await steps.ReachedAsync(ProtocolStep.DeletedBatchRetryMoved, ct);
            }

            // What stands for a row that cannot be read has no retries. Should it be mended, it names a batch that is not there.
            await batches.NoteRetriesAsync(
                batch.Key with { Id = original },
                (above, _) => Task.FromResult<IReadOnlyList<string>>(
                    [.. above.Retries.SelectMany(id => id == batch.Id ? batch.Retries : [id]).TakeLast(BatchFamily.MostMembers)]),
                ct);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Batch {BatchId} was deleted, and is removed.")]
        public static partial void Removed(ILogger logger, string batchId);
    }
}
