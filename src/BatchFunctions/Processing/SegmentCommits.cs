using BatchFunctions.Chunks;
using BatchFunctions.Memory;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;
using BatchFunctions.Telemetry;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Processing;

/// <summary>
/// Commits segments of a claimed chunk: stage the blocks of the output and those of the errors, one by one, then write the row
/// under its ETag. That write is the commit, and the ETag the fence: a claim that has been overtaken changes nothing any more.
/// Where an answer was lost the row is read before going on. The claim is renewed while staging takes its time.
/// </summary>
internal sealed partial class SegmentCommits(
    Chunk claimed,
    int batchLines,
    LinesLeft left,
    ChunkStore chunks,
    BatchBlobs blobs,
    ResultBacklog backlog,
    ProtocolSteps steps,
    BatchMetrics metrics,
    TimeSpan lease,
    TimeProvider time,
    ILogger logger)
{
    private const int Tries = 5;

    private int _nextPart;

    /// <summary>The chunk as the row has it.</summary>
    public Chunk Chunk { get; private set; } = claimed;

    /// <summary>Whether so little of the lease is left that it should be renewed even with nothing to commit.</summary>
    public bool IsRenewalDue => LeaseLeft < lease / 2;

    private TimeSpan LeaseLeft => Chunk.LeaseUntil!.Value - time.GetUtcNow();

    /// <summary>The chunk with its lease renewed from now on.</summary>
    public Chunk Renewed(Chunk chunk) => chunk with { LeaseUntil = time.GetUtcNow() + lease };

    /// <summary>Commits a segment. Where this throws the segment may be staged, and is to be committed again as it is.</summary>
    /// <param name="segment">What is committed, be it nothing.</param>
    /// <param name="finish">What else the row's write says, given the chunk with the segment in it.</param>
    /// <param name="ct">Ends the wait.</param>
    /// <returns>Whether the segment is committed; false when the claim no longer stands.</returns>
    public async Task<bool> CommitAsync(ChunkSegment segment, Func<Chunk, Chunk> finish, CancellationToken ct)
    {
        using var span = BatchTracing.StartCheckpoint();
        var began = time.GetTimestamp();
        var stands = await StageAsync(segment, ct) && await WriteAsync(segment, finish, ct);
        metrics.CheckpointMade(time.GetElapsedTime(began));
        return stands;
    }

    /// <returns>Whether the claim stands, as far as is known.</returns>
    private async Task<bool> StageAsync(ChunkSegment segment, CancellationToken ct)
    {
        var linesAfter = Chunk.Lines - Chunk.Done.Count - segment.Lines.Count;
        if (segment.Output.Count > 0)
        {
            segment.OutputBlocks ??= Cut(segment.Output, linesAfter, Chunk.OutputBlocks.Count);
            if (!await WhileRenewingAsync(token => StageAsync(ResultFile.Output, segment.OutputBlocks, token), ct))
            {
                return false;
            }

            await steps.ReachedAsync(ProtocolStep.OutputBlockStaged, ct);
        }

        if (segment.Error.Count > 0)
        {
            segment.ErrorBlocks ??= Cut(segment.Error, linesAfter, Chunk.ErrorBlocks.Count);
            if (!await WhileRenewingAsync(token => StageAsync(ResultFile.Error, segment.ErrorBlocks, token), ct))
            {
                return false;
            }

            await steps.ReachedAsync(ProtocolStep.ErrorBlockStaged, ct);
        }

        return true;
    }

    private SegmentBlocks Cut(ByteBlocks content, int linesAfter, int used) =>
        new(
            content,
            backlog.BlockBytes,
            SegmentBlocks.Allowed(Chunk, linesAfter, batchLines, used),
            () => new BlockRef(Chunk.Epoch, _nextPart++));

    private async Task StageAsync(ResultFile file, SegmentBlocks blocks, CancellationToken ct)
    {
        while (blocks.Next is var (_, bytes))
        {
            await backlog.PutAwayAsync(
                bytes,
                () => blocks.StageNextAsync((block, content) =>
                    blobs.StageAsync(Chunk.Batch.Id, file, block.IdIn(Chunk.Number), content, ct)),
                ct);
        }
    }

    /// <summary>Renews the claim while something else takes its time.</summary>
    /// <returns>Whether the claim stands.</returns>
    private async Task<bool> WhileRenewingAsync(Func<CancellationToken, Task> work, CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var working = work(stop.Token);
        while (!working.IsCompleted && !ct.IsCancellationRequested)
        {
            using var wait = CancellationTokenSource.CreateLinkedTokenSource(ct);
            await Task.WhenAny(working, Task.Delay(UntilRenewal(), time, wait.Token));
            await wait.CancelAsync();
            if (!working.IsCompleted && !ct.IsCancellationRequested && !await TryRenewAsync(ct))
            {
                await stop.CancelAsync();
                await working.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return false;
            }
        }

        await working;
        return true;
    }

    /// <summary>Until the middle of the lease; where that has passed in vain, an eighth of it.</summary>
    private TimeSpan UntilRenewal()
    {
        var half = LeaseLeft - (lease / 2);
        return half > lease / 8 ? half : lease / 8;
    }

    /// <returns>Whether the claim stands, as far as is known: a storage fault is tried again.</returns>
    private async Task<bool> TryRenewAsync(CancellationToken ct)
    {
        if (!IsRenewalDue)
        {
            return true;
        }

        try
        {
            return await WriteAsync(chunk => Renewed(chunk) with { Left = left.Snapshot() }, _ => false, ct);
        }
        catch (Exception e) when (StorageFaults.IsFault(e))
        {
            Log.NotRenewed(logger, e, Chunk.Batch.Id, Chunk.Number);
            return true;
        }
    }

    private Task<bool> WriteAsync(ChunkSegment segment, Func<Chunk, Chunk> finish, CancellationToken ct) =>
        WriteAsync(
            chunk => finish(segment.ApplyTo(chunk) with { Left = left.Snapshot() }),
            current => segment.Lines.Count > 0 && current.Done.Contains(segment.Lines[0]),
            ct);

    /// <param name="change">What is written, given the chunk as the row has it.</param>
    /// <param name="isWritten">Whether a row that another write came between holds this one already, whose answer was lost.</param>
    /// <param name="ct">Ends the wait.</param>
    /// <returns>Whether it is written; false when the claim no longer stands.</returns>
    private async Task<bool> WriteAsync(Func<Chunk, Chunk> change, Func<Chunk, bool> isWritten, CancellationToken ct)
    {
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            if (await chunks.TryUpdateAsync(change(Chunk), ct) is { } written)
            {
                Chunk = written;
                return true;
            }

            // Another write came between. Nobody but this claim writes in its epoch, save for a strike or the sweep's waking,
            // after the lease had run out: as long as nobody else has claimed the chunk, it is taken back.
            var current = await chunks.FindAsync(Chunk.Batch.Id, Chunk.Number, ct);
            if (current is null || current.Epoch != Chunk.Epoch)
            {
                return false;
            }

            if (isWritten(current))
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

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Batch {BatchId}, chunk {Chunk}: the claim could not be renewed and will be tried again.")]
        public static partial void NotRenewed(ILogger logger, Exception e, string batchId, int chunk);
    }
}
