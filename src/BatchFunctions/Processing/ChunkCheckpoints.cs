using BatchFunctions.Chunks;
using BatchFunctions.Configuration;
using BatchFunctions.Protocol;
using BatchFunctions.Telemetry;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Processing;

/// <summary>
/// Commits the lines of a claimed chunk, segment by segment: stage a block for the output and one for the errors, then
/// write the row under its ETag. That write is the commit, and the ETag the fence: a claim that has been overtaken
/// changes nothing any more. Where an answer was lost the row is read before going on, and a segment that was given
/// block ids keeps its content until it is known to stand.
/// </summary>
internal sealed class ChunkCheckpoints(
    Chunk claimed,
    ChunkStore chunks,
    BatchBlobs blobs,
    ProtocolSteps steps,
    BatchMetrics metrics,
    IOptions<BatchOptions> options,
    TimeProvider time) : IDisposable
{
    private const int Tries = 5;

    private readonly Lock _lock = new();
    private readonly Dictionary<int, int> _attempts = new(claimed.Attempts);
    private ChunkSegment _open = new();
    private ChunkSegment? _sealed;
    private int _nextPart;

    /// <summary>The chunk as the row has it.</summary>
    public Chunk Chunk { get; private set; } = claimed;

    /// <summary>Bytes that wait for the next checkpoint.</summary>
    public long OpenBytes
    {
        get
        {
            lock (_lock)
            {
                return _open.Bytes;
            }
        }
    }

    public bool HasOpenLines
    {
        get
        {
            lock (_lock)
            {
                return _open.Lines.Count > 0;
            }
        }
    }

    /// <summary>Whether so little is left of the lease that it should be renewed though there is nothing to commit.</summary>
    public bool IsRenewalDue => Chunk.LeaseUntil - time.GetUtcNow() < options.Value.Lease / 2;

    /// <summary>Adds a line's result to the next checkpoint.</summary>
    public void Add(int line, Action<ChunkSegment> write)
    {
        lock (_lock)
        {
            write(_open);
            _attempts.Remove(line);
        }
    }

    /// <summary>Notes the attempts of a line that is not done, for the next checkpoint's row.</summary>
    public void Note(int line, int attempts)
    {
        if (attempts > 0)
        {
            lock (_lock)
            {
                _attempts[line] = attempts;
            }
        }
    }

    /// <summary>Commits what has come to an end so far and renews the lease.</summary>
    /// <returns>Whether the claim still stands.</returns>
    public async Task<bool> CommitAsync(CancellationToken ct)
    {
        if (!await CommitSealedAsync(ct))
        {
            return false;
        }

        Seal();
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

        if (!await CommitSealedAsync(chunk => chunk with { LeaseUntil = time.GetUtcNow() + options.Value.Lease }, ct))
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

        Seal();
        if (!await CommitSealedAsync(last, ct))
        {
            return false;
        }

        await steps.ReachedAsync(Chunk.Ended ? ProtocolStep.ChunkEndWritten : ProtocolStep.HandOverWritten, ct);
        return true;
    }

    /// <summary>Adds to the open segment what is written for lines that will never be sent.</summary>
    public Task AddUnfinishedAsync(Func<ChunkSegment, Task> write)
    {
        // All calls have ended by now, so nobody else writes into the segment.
        return write(_open);
    }

    public void Dispose()
    {
        _open.Dispose();
        _sealed?.Dispose();
    }

    private void Seal()
    {
        lock (_lock)
        {
            _sealed = _open;
            _open = new ChunkSegment();
        }
    }

    private async Task<bool> CommitSealedAsync(Func<Chunk, Chunk> finish, CancellationToken ct)
    {
        using var span = BatchTracing.StartCheckpoint();
        var began = time.GetTimestamp();
        var stands = await StageAndWriteAsync(_sealed!, finish, ct);
        metrics.CheckpointMade(time.GetElapsedTime(began));
        return stands;
    }

    private async Task<bool> StageAndWriteAsync(ChunkSegment segment, Func<Chunk, Chunk> finish, CancellationToken ct)
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

        for (var attempt = 0; attempt < Tries; attempt++)
        {
            var next = finish(segment.ApplyTo(Chunk) with { Attempts = AttemptsNow() });
            if (await chunks.TryUpdateAsync(next, ct) is { } written)
            {
                return Committed(written);
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
                return Committed(current);
            }

            Chunk = Chunk with { ETag = current.ETag, Strikes = current.Strikes, StrikeDone = current.StrikeDone };
        }

        return false;
    }

    private bool Committed(Chunk written)
    {
        Chunk = written;
        _sealed?.Dispose();
        _sealed = null;
        return true;
    }

    private Task StageAsync(ResultFile file, BlockRef block, Stream content, CancellationToken ct) =>
        blobs.StageAsync(Chunk.Batch.Id, file, block.IdIn(Chunk.Number), content, ct);

    private BlockRef NextBlock() => new(Chunk.Epoch, _nextPart++);

    private Dictionary<int, int> AttemptsNow()
    {
        lock (_lock)
        {
            return new Dictionary<int, int>(_attempts);
        }
    }
}
