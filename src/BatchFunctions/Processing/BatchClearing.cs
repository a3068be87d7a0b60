using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Files;
using BatchFunctions.Metering;
using BatchFunctions.Protocol;
using BatchFunctions.Webhooks;

namespace BatchFunctions.Processing;

/// <summary>
/// Clears away after a batch that has ended, in this order: the events that tell of it, what the project has used, what late workers left,
/// the chunk rows, the <c>activebatches</c> row, and last what it alone has kept of files that were deleted. Every step may be repeated, by
/// any process at any time. A crash at any gap before the last leaves the <c>activebatches</c> row, from which the sweep starts over; behind
/// it, what the hourly sweep removes a day later.
/// </summary>
internal sealed class BatchClearing(
    ActiveBatchStore active,
    ChunkStore chunks,
    ResultBlobs blobs,
    BatchLeftovers leftovers,
    BatchInputs inputs,
    BatchMetering metering,
    BatchEvents events,
    ProtocolSteps steps)
{
    /// <summary>Clears away.</summary>
    public Task RunAsync(Batch batch, CancellationToken ct) => RunAsync(batch, only: null, ct);

    /// <inheritdoc cref="RunAsync(Batch, CancellationToken)"/>
    /// <param name="batch">The batch, as it has ended.</param>
    /// <param name="only">Its only chunk; null to read all chunks.</param>
    /// <param name="ct">Fires when the host shuts down.</param>
    public async Task RunAsync(Batch batch, OnlyChunk? only, CancellationToken ct)
    {
        if (batch.FinalizingAt is null)
        {
            // It failed at validation, and is looked at once more like any other.
            await leftovers.EnterAsync(batch.Key, ct);
        }

        await events.AnnounceAsync(batch, only?.RunSince, ct);
        await metering.CountAsync(batch, ct);
        if (only is { Chunk: { Loose.Count: 0 } chunk })
        {
            await chunks.DeleteAsync(chunk, ct);
        }
        else
        {
            await chunks.DeleteAllAsync(batch.Id, loose => DiscardLooseAsync(loose, ct), ct);
        }

        await steps.ReachedAsync(ProtocolStep.ChunkRowsDeleted, ct);
        await active.DeleteAsync(batch.Key, ct);
        await steps.ReachedAsync(ProtocolStep.ActiveRowDeleted, ct);
        await inputs.ReleaseAsync(batch, ct);
    }

    /// <summary>A claim names its segments one by one, so there is one name at most under which it may have left something.</summary>
    private async Task DiscardLooseAsync(Chunk chunk, CancellationToken ct)
    {
        foreach (var epoch in chunk.Loose)
        {
            var part = chunk.Segments.Count(segment => segment.Epoch == epoch);
            foreach (var file in Enum.GetValues<ResultFile>())
            {
                await blobs.DiscardAsync(
                    FileSegment.At(ResultBlobs.FileOf(chunk.Batch.Id, file), chunk.Number, epoch, part), ct);
            }
        }

        await steps.ReachedAsync(ProtocolStep.LeftoversDiscarded, ct);
    }
}
