using BatchFunctions.Chunks;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;
using BatchFunctions.Telemetry;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Processing;

/// <summary>
/// Commits segments of a claimed chunk: store the output's blob and the errors', then write the row
/// under its ETag. That write is the commit. The claim is renewed while storing takes its time, and where it fails.
/// </summary>
internal sealed partial class SegmentCommits(
    ChunkClaim claim,
    ResultBlobs blobs,
    ResultBacklog backlog,
    ProtocolSteps steps,
    BatchMetrics metrics,
    TimeProvider time,
    ILogger logger)
{
    private int _nextPart;

    private Chunk Chunk => claim.Chunk;

    /// <summary>Commits a segment. Where this throws the segment may be stored, and is to be committed again as it is.</summary>
    /// <param name="segment">What is committed, be it nothing.</param>
    /// <param name="finish">What else the row's write says, given the chunk with the segment in it.</param>
    /// <param name="ct">Ends the wait.</param>
    /// <returns>Whether the segment is committed; false when the claim no longer stands.</returns>
    public async Task<bool> CommitAsync(ChunkSegment segment, Func<Chunk, Chunk> finish, CancellationToken ct)
    {
        using var span = BatchTracing.StartCheckpoint();
        var began = time.GetTimestamp();
        segment.Name(Chunk, ref _nextPart, backlog.BlockBytes);
        var stands = await StoreAsync(segment, ct) && await claim.CommitAsync(segment, finish, ct);
        if (!stands)
        {
            await DiscardAsync(segment, ct);
        }

        metrics.CheckpointMade(time.GetElapsedTime(began));
        return stands;
    }

    /// <returns>Whether the claim stands, as far as is known.</returns>
    private async Task<bool> StoreAsync(ChunkSegment segment, CancellationToken ct)
    {
        if (segment.OutputUpload is { } output)
        {
            if (!await claim.WhileRenewingAsync(token => output.RunAsync(blobs, backlog, token), ct))
            {
                return false;
            }

            await steps.ReachedAsync(ProtocolStep.OutputSegmentStored, ct);
        }

        if (segment.ErrorUpload is { } error)
        {
            if (!await claim.WhileRenewingAsync(token => error.RunAsync(blobs, backlog, token), ct))
            {
                return false;
            }

            await steps.ReachedAsync(ProtocolStep.ErrorSegmentStored, ct);
        }

        return true;
    }

    /// <summary>
    /// Removes what a claim that was overtaken has stored in vain, unless the row names it: the write that was refused may be the
    /// echo of one that was not. Where the row is gone nobody can tell, and it stays until its file goes.
    /// </summary>
    private async Task DiscardAsync(ChunkSegment segment, CancellationToken ct)
    {
        if (segment.Named is not { } named || claim.Overtaker is not { } row || row.Segments.Contains(named))
        {
            return;
        }

        try
        {
            foreach (var upload in new[] { segment.OutputUpload, segment.ErrorUpload }.OfType<SegmentUpload>())
            {
                await blobs.DiscardAsync(upload.Blob, ct);
            }
        }
        catch (Exception e) when (StorageFaults.IsFault(e) || ct.IsCancellationRequested)
        {
            // Its epoch is loose in the row: what is left goes when the batch is cleared away.
            Log.NotDiscarded(logger, e, Chunk.Batch.Id, Chunk.Number);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Batch {BatchId}, chunk {Chunk}: late results could not be removed yet.")]
        public static partial void NotDiscarded(ILogger logger, Exception e, string batchId, int chunk);
    }
}
