using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Files;
using BatchFunctions.Ids;
using BatchFunctions.Lines;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;
using BatchFunctions.Telemetry;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Processing;

/// <summary>
/// Finishes a batch whose chunks have all ended, in this order: the manifest, the two files, their rows, the batch's
/// row, the chunk rows, and last the <c>activebatches</c> row. Every step may be repeated, by any process at any time:
/// all follow the manifest that was written first. A crash at any gap leaves the <c>activebatches</c> row, from which
/// the sweep starts over.
/// </summary>
internal sealed partial class BatchFinish(
    BatchStore batches,
    ActiveBatchStore active,
    ChunkStore chunks,
    FileStore files,
    ExpiringStore expiring,
    BatchBlobs blobs,
    ProtocolSteps steps,
    TimeProvider time,
    ILogger<BatchFinish> logger)
{
    /// <summary>How long a manifest is kept after its batch has ended.</summary>
    private static readonly TimeSpan ManifestLife = TimeSpan.FromDays(7);

    /// <summary>How long storage keeps blocks that are not committed: results that it refuses to commit are not lost sooner.</summary>
    private static readonly TimeSpan BlockLife = TimeSpan.FromDays(7);

    /// <summary>
    /// Finishes a batch that is finalizing, and clears away after it; after one that has ended, only clears away.
    /// </summary>
    public async Task FinishAsync(Batch batch, CancellationToken ct)
    {
        if (batch.Unreadable is not null)
        {
            // Its row may be mended yet: the sweep clears away what nobody has mended in time.
            return;
        }

        if (batch.Status == BatchStatus.Finalizing)
        {
            using var span = BatchTracing.StartFinish(batch.Id, batch.Outcome!.Value.Wire());
            try
            {
                await FollowAsync(batch, await ManifestOfAsync(batch, ct), ct);
            }
            catch (ResultsLostException e)
            {
                Log.ResultsLost(logger, e, batch.Id);
                await FailAsync(batch.Key, BatchFailures.ResultsLost, ct);
            }
        }

        await ClearAwayAsync(batch.Key, ct);
    }

    /// <summary>
    /// Ends a batch that cannot end in the ordinary way: as was decided, if it was; or as failed, with the results that its
    /// chunks have, whether or not they have ended; or, if those cannot be put together either, without. Results that
    /// storage only refuses to put together are waited for as long as it keeps them.
    /// </summary>
    public async Task GiveUpAsync(BatchKey key, BatchError error, CancellationToken ct)
    {
        var batch = await batches.MutateAsync(
            key,
            current => current.Status switch
            {
                BatchStatus.Validating => current.Fail([error], time.GetUtcNow()),
                BatchStatus.InProgress or BatchStatus.Cancelling => current.FinalizeFailed(error, time.GetUtcNow()),
                _ => null,
            },
            ct);
        if (batch is null || await TryFinishAsync(batch, ct))
        {
            return;
        }

        var failing = await batches.MutateAsync(
            key,
            current => current is { Status: BatchStatus.Finalizing, Outcome: not BatchStatus.Failed }
                ? current.FinalizeFailed(error, time.GetUtcNow())
                : null,
            ct);
        if (failing is null || await TryFinishAsync(failing, ct))
        {
            return;
        }

        await FailAsync(key, error, ct);
        await ClearAwayAsync(key, ct);
    }

    /// <returns>Whether the batch has ended; false if it cannot be finished like this.</returns>
    private async Task<bool> TryFinishAsync(Batch batch, CancellationToken ct)
    {
        try
        {
            await FinishAsync(batch, ct);
            return true;
        }
        catch (Exception e) when (
            e is not (OutOfMemoryException or NewerRowException)
            && !StorageFaults.IsFault(e)
            && !ct.IsCancellationRequested
            && !(StorageFaults.IsRefusal(e) && time.GetUtcNow() < batch.ExpiresAt + BlockLife))
        {
            Log.NotFinished(logger, e, batch.Id, batch.Outcome);
            return false;
        }
    }

    /// <summary>Fails a batch without results, unless it has ended already.</summary>
    private Task<Batch?> FailAsync(BatchKey key, BatchError error, CancellationToken ct) =>
        batches.MutateAsync(key, batch => batch.Status.HasEnded() ? null : batch.Fail([error], time.GetUtcNow()), ct);

    /// <summary>
    /// Deletes what an ended batch has left behind: its chunk rows, then its <c>activebatches</c> row.
    /// </summary>
    public async Task ClearAwayAsync(BatchKey key, CancellationToken ct)
    {
        await chunks.DeleteAllAsync(key.Id, ct);
        await steps.ReachedAsync(ProtocolStep.ChunkRowsDeleted, ct);
        await active.DeleteAsync(key, ct);
        await steps.ReachedAsync(ProtocolStep.ActiveRowDeleted, ct);
    }

    private async Task<Manifest> ManifestOfAsync(Batch batch, CancellationToken ct)
    {
        if (await blobs.FindManifestAsync(batch.Id, ct) is { } standing)
        {
            return standing;
        }

        var own = await ComposeAsync(batch, ct);
        await expiring.AddAsync(
            new ExpiringEntry(
                ExpiringKind.Manifest,
                batch.Tenant,
                batch.Id,
                BatchBlobs.ManifestLocationOf(batch.Id),
                own.FinishedAt + ManifestLife),
            ct);
        var manifest = await blobs.CreateOrReadManifestAsync(batch.Id, own, ct);
        await steps.ReachedAsync(ProtocolStep.ManifestWritten, ct);
        return manifest;
    }

    private async Task<Manifest> ComposeAsync(Batch batch, CancellationToken ct)
    {
        var output = new List<string>();
        var error = new List<string>();
        long outputBytes = 0;
        long errorBytes = 0;
        var ended = 0;
        var counts = batch.Counts with { Completed = 0, Failed = 0 };
        var usage = default(TokenUsage);
        await foreach (var chunk in chunks.ListAsync(batch.Id, ct))
        {
            ended += chunk.Ended ? 1 : 0;
            output.AddRange(chunk.OutputBlocks.Select(block => block.IdIn(chunk.Number)));
            error.AddRange(chunk.ErrorBlocks.Select(block => block.IdIn(chunk.Number)));
            outputBytes += chunk.OutputBytes;
            errorBytes += chunk.ErrorBytes;
            counts = counts with { Completed = counts.Completed + chunk.Completed, Failed = counts.Failed + chunk.Failed };
            usage += chunk.Usage;
        }

        // A batch that never got as far as chunks has none to count; rows left by a cancelled validation do not matter. One
        // that fails has what there is.
        if (batch.ChunkCount is { } count && ended != count && batch.Outcome != BatchStatus.Failed)
        {
            throw new InvalidOperationException(
                $"Batch {batch.Id} is finalizing with {ended} of {count} chunks; another has finished it, or rows are gone.");
        }

        var now = time.GetUtcNow();
        return new Manifest
        {
            Outcome = batch.Outcome!.Value,
            FinishedAt = now,
            OutputFileId = output.Count > 0 ? IdKind.File.New(now) : null,
            ErrorFileId = error.Count > 0 ? IdKind.File.New(now) : null,
            OutputBytes = outputBytes,
            ErrorBytes = errorBytes,
            OutputBlocks = output,
            ErrorBlocks = error,
            Counts = counts,
            Usage = usage,
        };
    }

    private async Task FollowAsync(Batch batch, Manifest manifest, CancellationToken ct)
    {
        if (manifest.OutputFileId is not null)
        {
            await CommitAsync(batch, ResultFile.Output, manifest.OutputFileId, manifest.OutputBlocks, ct);
            await steps.ReachedAsync(ProtocolStep.OutputCommitted, ct);
        }

        if (manifest.ErrorFileId is not null)
        {
            await CommitAsync(batch, ResultFile.Error, manifest.ErrorFileId, manifest.ErrorBlocks, ct);
            await steps.ReachedAsync(ProtocolStep.ErrorCommitted, ct);
        }

        if (manifest.OutputFileId is { } outputId)
        {
            await WriteFileAsync(batch, manifest, outputId, ResultFile.Output, manifest.OutputBytes, ct);
            await steps.ReachedAsync(ProtocolStep.OutputFileWritten, ct);
        }

        if (manifest.ErrorFileId is { } errorId)
        {
            await WriteFileAsync(batch, manifest, errorId, ResultFile.Error, manifest.ErrorBytes, ct);
            await steps.ReachedAsync(ProtocolStep.ErrorFileWritten, ct);
        }

        await batches.MutateAsync(
            batch.Key, current => current.Status == BatchStatus.Finalizing ? current.End(manifest.End) : null, ct);
        await steps.ReachedAsync(ProtocolStep.BatchEndWritten, ct);
    }

    private async Task CommitAsync(
        Batch batch, ResultFile file, string fileId, IReadOnlyList<string> blocks, CancellationToken ct)
    {
        try
        {
            await blobs.CommitAsync(batch.Id, file, blocks, ct);
        }
        catch (ResultsLostException)
        {
            // A file that has a row, even a tombstone, was committed: an earlier finisher got this far, and the file's
            // owner has deleted it since.
            if (await files.FindAnyAsync(batch.Tenant, fileId, ct) is null)
            {
                throw;
            }
        }
    }

    private async Task WriteFileAsync(
        Batch batch, Manifest manifest, string id, ResultFile file, long bytes, CancellationToken ct)
    {
        var name = file == ResultFile.Output ? "output" : "error";
        DateTimeOffset? expiresAt = batch.OutputExpiresAfter is { } seconds
            ? IdKind.File.CreatedAt(id).AddSeconds(seconds)
            : null;
        var location = BatchBlobs.LocationOf(batch.Id, file);
        if (expiresAt is { } due)
        {
            await expiring.AddAsync(new ExpiringEntry(ExpiringKind.File, batch.Tenant, id, location, due), ct);
        }

        // Never over an existing row: it may be the tombstone of a file that its owner has deleted meanwhile.
        await files.TryInsertAsync(
            new StoredFile
            {
                Tenant = batch.Tenant,
                Id = id,
                Filename = $"{batch.Id}_{name}.jsonl",
                Purpose = FilePurposes.BatchOutput,
                Bytes = bytes,
                CreatedAt = manifest.FinishedAt,
                ExpiresAt = expiresAt,
                Blob = location,
            },
            ct);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Batch {BatchId}: results that had been stored are gone; the batch fails.")]
        public static partial void ResultsLost(ILogger logger, Exception e, string batchId);

        [LoggerMessage(Level = LogLevel.Error, Message = "Batch {BatchId} cannot be finished as '{Outcome}'.")]
        public static partial void NotFinished(ILogger logger, Exception e, string batchId, BatchStatus? outcome);
    }
}
