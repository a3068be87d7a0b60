using BatchFunctions.Chunks;
using BatchFunctions.Protocol;

namespace BatchFunctions.Processing;

/// <summary>
/// The checkpoints of a run, segment by segment: what has come in is sealed and committed. A segment that was given
/// block ids keeps its content until it is known to stand, and is committed before another is sealed.
/// </summary>
internal sealed class ChunkCheckpoints(
    LineResults results,
    SegmentCommits commits,
    ProtocolSteps steps,
    TimeSpan lease,
    TimeProvider time) : IDisposable
{
    private ChunkSegment? _sealed;

    /// <summary>The chunk as the row has it.</summary>
    public Chunk Chunk => commits.Chunk;

    /// <summary>Whether so little is left of the lease that it should be renewed though there is nothing to commit.</summary>
    public bool IsRenewalDue => Chunk.LeaseUntil - time.GetUtcNow() < lease / 2;

    /// <summary>Commits what has come to an end so far and renews the lease.</summary>
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

    /// <summary>Commits what an earlier checkpoint staged, where its write is not known to stand.</summary>
    /// <returns>Whether the claim still stands.</returns>
    public async Task<bool> CommitSealedAsync(CancellationToken ct)
    {
        if (_sealed is null)
        {
            return true;
        }

        if (!await CommitSealedAsync(chunk => chunk with { LeaseUntil = time.GetUtcNow() + lease }, ct))
        {
            return false;
        }

        await steps.ReachedAsync(ProtocolStep.CheckpointWritten, ct);
        return true;
    }

    /// <summary>Commits everything, and ends the chunk or gives it up with the same write.</summary>
    /// <param name="last">Ends or releases the chunk, as it stands with all lines committed.</param>
    /// <param name="ct">Ends the wait.</param>
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
