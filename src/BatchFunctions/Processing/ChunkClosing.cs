using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Configuration;
using BatchFunctions.Protocol;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Processing;

/// <summary>
/// Closes chunks that nobody holds, by a claim that does not call the upstream. The claim's write comes first, with an
/// epoch of its own, so that its segment shares no name with another claim's; then the error lines of those that are
/// not done; then the row, ended. The claim is renewed while the input is read and the lines are stored. It never depends on the input: lines that cannot be named any more end without an error
/// line, and the row says so.
/// </summary>
internal sealed class ChunkClosing(
    ChunkStore chunks,
    ChunkInput input,
    BatchLooks looks,
    ResultBlobs blobs,
    ResultBacklog backlog,
    ProtocolSteps steps,
    IOptions<BatchOptions> options,
    TimeProvider time,
    ILogger<ChunkClosing> logger)
{
    /// <returns>Whether this call closed the chunk; false if another holds it or has ended it, or its row cannot be read.</returns>
    public async Task<bool> TryCloseAsync(Batch batch, Chunk chunk, CloseReason reason, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        if (chunk.Ended || chunk.Unreadable is not null || chunk.IsHeld(now))
        {
            return false;
        }

        await looks.SeeToAsync(batch.Key, chunk.Number, ct);
        if (await chunks.TryUpdateAsync(chunk.Claim(now + options.Value.Lease), ct) is not { } claimed)
        {
            return false;
        }

        await steps.ReachedAsync(ProtocolStep.CloseClaimed, ct);
        using var segment = new ChunkSegment();
        var claim = new ChunkClaim(claimed, new LinesLeft(claimed), sending: null, chunks, options.Value.Lease, time, logger);
        var isWhole = true;
        if (!await claim.WhileRenewingAsync(
            async token => isWhole = await input.TryAddUnfinishedAsync(batch, claimed, reason, segment, token), ct))
        {
            return false;
        }

        var part = 0;
        segment.Name(claimed, ref part, backlog.BlockBytes);
        if (segment.ErrorUpload is { } errors)
        {
            if (!await claim.WhileRenewingAsync(token => errors.RunAsync(blobs, backlog, token), ct))
            {
                return false;
            }

            await steps.ReachedAsync(ProtocolStep.CloseSegmentStored, ct);
        }

        if (!await claim.CommitAsync(segment, closed => isWhole ? closed.End() : closed.EndWithoutInput(), ct))
        {
            return false;
        }

        await steps.ReachedAsync(ProtocolStep.CloseWritten, ct);
        return true;
    }
}
