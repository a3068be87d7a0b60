using BatchFunctions.Chunks;
using BatchFunctions.Protocol;

namespace BatchFunctions.Processing;

/// <summary>
/// The checkpoints of a run, segment by segment: results so far are sealed and committed. A segment that has been named
/// keeps its content until its commit is known to have succeeded, and only then is another sealed.
/// </summary>
internal sealed class ChunkCheckpoints(
    ChunkClaim claim,
    LineResults results,
    SegmentCommits commits,
    ProtocolSteps steps) : IDisposable
{
    private ChunkSegment? _sealed;

    /// <summary>The chunk, as in its row.</summary>
    public Chunk Chunk => claim.Chunk;

    /// <summary>Whether so little of the lease is left that it should be renewed even with nothing to commit.</summary>
    public bool IsRenewalDue => claim.IsRenewalDue;

    /// <summary>Commits all results so far and renews the lease.</summary>
    /// <returns>Whether the claim still stands.</returns>
    public async Task<bool> CommitAsync(CancellationToken ct)
    {
        if (!await CommitSealedAsync(ct))
        {
            return false;
        }

        _sealed = results.Seal();
        return await CommitSealedAsync(ct);
    }

    /// <summary>Commits the segment of an earlier checkpoint whose write is not known to have succeeded.</summary>
    /// <returns>Whether the claim still stands.</returns>
    public async Task<bool> CommitSealedAsync(CancellationToken ct)
    {
        if (_sealed is null)
        {
            return true;
        }

        if (!await CommitSealedAsync(claim.Renewed, ct))
        {
            return false;
        }

        await steps.ReachedAsync(ProtocolStep.CheckpointWritten, ct);
        return true;
    }

    /// <summary>Commits all results, and ends or releases the chunk in the same write.</summary>
    /// <param name="last">Ends or releases the chunk, given its state with all lines committed.</param>
    /// <param name="ct">Cancels the operation.</param>
    /// <returns>Whether the claim still stood.</returns>
    public async Task<bool> CommitLastAsync(Func<Chunk, Chunk> last, CancellationToken ct)
    {
        if (!await CommitSealedAsync(ct))
        {
            return false;
        }

        _sealed = results.Seal();
        if (!await CommitSealedAsync(last, ct))
        {
            return false;
        }

        await steps.ReachedAsync(Chunk.Ended ? ProtocolStep.ChunkEndWritten : ProtocolStep.HandOverWritten, ct);
        return true;
    }

    public void Dispose() => _sealed?.Dispose();

    private async Task<bool> CommitSealedAsync(Func<Chunk, Chunk> finish, CancellationToken ct)
    {
        if (!await commits.CommitAsync(_sealed!, finish, ct))
        {
            return false;
        }

        _sealed?.Dispose();
        _sealed = null;
        return true;
    }
}
