using BatchFunctions.Chunks;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;
using BatchFunctions.Telemetry;
using BatchFunctions.Upstream;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Processing;

/// <summary>
/// Commits segments of a claimed chunk: store the output's blob and the errors', then write the row
/// under its ETag. That write is the commit, and the ETag the fence: a claim that has been overtaken changes nothing any more.
/// Where an answer was lost the row is read before going on. The claim is renewed while storing takes its time.
/// </summary>
internal sealed partial class SegmentCommits(
    Chunk claimed,
    LinesLeft left,
    SendingLease sending,
    ChunkStore chunks,
    ResultBlobs blobs,
    ResultBacklog backlog,
    ProtocolSteps steps,
    BatchMetrics metrics,
    TimeSpan lease,
    TimeProvider time,
    ILogger logger)
{
    private const int Tries = 5;

    private int _nextPart;
    private Chunk? _overtaker;

    /// <summary>The chunk as the row has it.</summary>
    public Chunk Chunk { get; private set; } = claimed;

    /// <summary>Whether so little of the lease is left that it should be renewed even with nothing to commit.</summary>
    public bool IsRenewalDue => LeaseLeft < lease / 2;

    private TimeSpan LeaseLeft => Chunk.LeaseUntil!.Value - time.GetUtcNow();

    /// <summary>The chunk with its lease renewed from now on.</summary>
    public Chunk Renewed(Chunk chunk) => chunk with { LeaseUntil = time.GetUtcNow() + lease };

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
        var stands = await StoreAsync(segment, ct) && await WriteAsync(segment, finish, ct);
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
            if (!await WhileRenewingAsync(token => output.RunAsync(blobs, backlog, token), ct))
            {
                return false;
            }

            await steps.ReachedAsync(ProtocolStep.OutputSegmentStored, ct);
        }

        if (segment.ErrorUpload is { } error)
        {
            if (!await WhileRenewingAsync(token => error.RunAsync(blobs, backlog, token), ct))
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
        if (segment.Named is not { } named || _overtaker is not { } row || row.Segments.Contains(named))
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
                return Stands(written);
            }

            // Another write came between. Nobody but this claim writes in its epoch, save for a strike or the sweep's waking,
            // after the lease had run out: as long as nobody else has claimed the chunk, it is taken back.
            var current = await chunks.FindAsync(Chunk.Batch.Id, Chunk.Number, ct);
            if (current is null || current.Epoch != Chunk.Epoch)
            {
                _overtaker = current;
                return false;
            }

            if (isWritten(current))
            {
                return Stands(current);
            }

            Chunk = Chunk.InRow(current.ETag, current.Unknown) with
            {
                Strikes = current.Strikes,
                StrikeDone = current.StrikeDone,
            };
        }

        return false;
    }

    /// <summary>The row is this claim's: as long as it says so, lines may be sent.</summary>
    private bool Stands(Chunk written)
    {
        Chunk = written;
        if (written.LeaseUntil is { } until)
        {
            sending.Renew(until);
        }

        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Batch {BatchId}, chunk {Chunk}: the claim could not be renewed and will be tried again.")]
        public static partial void NotRenewed(ILogger logger, Exception e, string batchId, int chunk);

        [LoggerMessage(Level = LogLevel.Information, Message = "Batch {BatchId}, chunk {Chunk}: late results could not be removed yet.")]
        public static partial void NotDiscarded(ILogger logger, Exception e, string batchId, int chunk);
    }
}
