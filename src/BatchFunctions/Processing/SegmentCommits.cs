using BatchFunctions.Chunks;
using BatchFunctions.Protocol;
using BatchFunctions.Telemetry;

namespace BatchFunctions.Processing;

/// <summary>
/// Commits segments of a claimed chunk: stage a block for the output and one for the errors, then write the row under
/// its ETag. That write is the commit, and the ETag the fence: a claim that has been overtaken changes nothing any more.
/// Where an answer was lost the row is read before going on.
/// </summary>
internal sealed class SegmentCommits(
    Chunk claimed,
    LinesLeft left,
    ChunkStore chunks,
    BatchBlobs blobs,
    ProtocolSteps steps,
    BatchMetrics metrics,
    TimeProvider time)
{
    private const int Tries = 5;

    private int _nextPart;

    /// <summary>The chunk as the row has it.</summary>
    public Chunk Chunk { get; private set; } = claimed;

    /// <summary>Commits a segment. Where this throws the segment may be staged, and is to be committed again as it is.</summary>
    /// <param name="segment">What is committed, be it nothing.</param>
    /// <param name="finish">What else the row's write says, given the chunk with the segment in it.</param>
    /// <param name="ct">Ends the wait.</param>
    /// <returns>Whether the segment is committed; false when the claim no longer stands.</returns>
    public async Task<bool> CommitAsync(ChunkSegment segment, Func<Chunk, Chunk> finish, CancellationToken ct)
    {
        using var span = BatchTracing.StartCheckpoint();
        var began = time.GetTimestamp();
        await StageAsync(segment, ct);
        var stands = await WriteAsync(segment, finish, ct);
        metrics.CheckpointMade(time.GetElapsedTime(began));
        return stands;
    }

    private async Task StageAsync(ChunkSegment segment, CancellationToken ct)
    {
        if (segment.Output.Length > 0)
        {
            segment.OutputBlock ??= NextBlock();
            await StageAsync(ResultFile.Output, segment.OutputBlock.Value, segment.Output, ct);
            await steps.ReachedAsync(ProtocolStep.OutputBlockStaged, ct);
        }

        if (segment.Error.Length > 0)
        {
            segment.ErrorBlock ??= NextBlock();
            await StageAsync(ResultFile.Error, segment.ErrorBlock.Value, segment.Error, ct);
            await steps.ReachedAsync(ProtocolStep.ErrorBlockStaged, ct);
        }
    }

    private async Task<bool> WriteAsync(ChunkSegment segment, Func<Chunk, Chunk> finish, CancellationToken ct)
    {
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            var next = finish(segment.ApplyTo(Chunk) with { Left = left.Snapshot() });
            if (await chunks.TryUpdateAsync(next, ct) is { } written)
            {
                Chunk = written;
                return true;
            }

            // Another write came between. Nobody but this claim writes in its epoch, save for a strike or the sweep's waking,
            // after the lease had run out: as long as nobody else has claimed the chunk, it is taken back. An earlier try of
            // this very segment may have landed unanswered.
            var current = await chunks.FindAsync(Chunk.Batch.Id, Chunk.Number, ct);
            if (current is null || current.Epoch != Chunk.Epoch)
            {
                return false;
            }

            if (segment.Lines.Count > 0 && current.Done.Contains(segment.Lines[0]))
            {
                Chunk = current;
                return true;
            }

            Chunk = Chunk.InRow(current.ETag, current.Unknown) with
            {
                Strikes = current.Strikes,
                StrikeDone = current.StrikeDone,
            };
        }

        return false;
    }

    private Task StageAsync(ResultFile file, BlockRef block, Stream content, CancellationToken ct) =>
        blobs.StageAsync(Chunk.Batch.Id, file, block.IdIn(Chunk.Number), content, ct);

    private BlockRef NextBlock() => new(Chunk.Epoch, _nextPart++);
}
