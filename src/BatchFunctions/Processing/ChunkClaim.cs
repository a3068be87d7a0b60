using BatchFunctions.Chunks;
using BatchFunctions.Storage;
using BatchFunctions.Upstream;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Processing;

/// <summary>
/// A claim on a chunk: its holder writes the row under its ETag, which is the fence, and renews the lease while something else takes its
/// time, or fails. A claim that has been overtaken changes nothing any more. Where an answer was lost the row is read before going on.
/// </summary>
/// <param name="claimed">The chunk as claimed.</param>
/// <param name="left">What is known of its lines, which each write keeps.</param>
/// <param name="sending">What is told of each renewal; null where no line is sent.</param>
/// <param name="chunks">Where the row is.</param>
/// <param name="lease">How long the claim holds from a write on.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Is told of renewals that failed.</param>
internal sealed partial class ChunkClaim(
    Chunk claimed, LinesLeft left, SendingLease? sending, ChunkStore chunks, TimeSpan lease, TimeProvider time, ILogger logger)
{
    private const int Tries = 5;

    private readonly string? _owner = claimed.Owner;
    private bool _isInDoubt;

    /// <summary>The chunk as the row has it.</summary>
    public Chunk Chunk { get; private set; } = claimed;

    /// <summary>The row of whoever has overtaken the claim; null where nobody has, or the row is gone.</summary>
    public Chunk? Overtaker { get; private set; }

    /// <summary>Whether so little of the lease is left that it should be renewed even with nothing to commit.</summary>
    public bool IsRenewalDue => LeaseLeft < lease / 2;

    /// <summary>Nothing where the row says that the chunk is free: the sweep has woken it, or a release was not answered.</summary>
    private TimeSpan LeaseLeft => Chunk.LeaseUntil - time.GetUtcNow() ?? TimeSpan.Zero;

    /// <summary>The chunk with its lease renewed from now on.</summary>
    public Chunk Renewed(Chunk chunk) => chunk with { Owner = _owner, LeaseUntil = time.GetUtcNow() + lease, NotBefore = null };

    /// <summary>
    /// Renews the claim while something else takes its time, and also when that has failed: what fails at once would otherwise be tried
    /// until the lease has lapsed.
    /// </summary>
    /// <returns>Whether the claim stands.</returns>
    public async Task<bool> WhileRenewingAsync(Func<CancellationToken, Task> work, CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var working = work(stop.Token);
        try
        {
            while (!working.IsCompleted && !ct.IsCancellationRequested)
            {
                using var wait = CancellationTokenSource.CreateLinkedTokenSource(ct);
                await Task.WhenAny(working, Task.Delay(UntilRenewal(), time, wait.Token));
                await wait.CancelAsync();
                if (!working.IsCompleted && !ct.IsCancellationRequested && !await TryRenewAsync(ct))
                {
                    return false;
                }
            }

            await working;
        }
        catch (Exception e) when (StorageFaults.IsFault(e) && !ct.IsCancellationRequested)
        {
            if (!await TryRenewAsync(ct))
            {
                return false;
            }

            throw;
        }
        finally
        {
            // Whatever ends it: what is being stored is given back behind it.
            await stop.CancelAsync();
            await working.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return true;
    }

    /// <summary>Renews the claim if that is due, with nothing else in the write.</summary>
    /// <returns>Whether the claim stands, as far as is known: a storage fault is tried again.</returns>
    public async Task<bool> TryRenewAsync(CancellationToken ct)
    {
        // The row may name a segment of which this claim does not know yet that it does: only the write of that segment may follow.
        if (!IsRenewalDue || _isInDoubt)
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

    /// <summary>Writes the row with a segment in it, which is stored by now. Where this throws it is to be written again as it is.</summary>
    /// <param name="segment">The segment, be it empty.</param>
    /// <param name="finish">What else the write says, given the chunk with the segment in it.</param>
    /// <param name="ct">Ends the wait.</param>
    /// <returns>Whether it is written; false when the claim no longer stands.</returns>
    public async Task<bool> CommitAsync(ChunkSegment segment, Func<Chunk, Chunk> finish, CancellationToken ct)
    {
        _isInDoubt = true;
        var stands = await WriteAsync(
            chunk => finish(segment.ApplyTo(chunk) with { Left = left.Snapshot() }),
            current => segment.Lines.Count > 0 && current.Done.Contains(segment.Lines[0]),
            ct);
        _isInDoubt = false;
        return stands;
    }

    /// <summary>Until the middle of the lease; where that has passed in vain, an eighth of it.</summary>
    private TimeSpan UntilRenewal()
    {
        var half = LeaseLeft - (lease / 2);
        return half > lease / 8 ? half : lease / 8;
    }

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
                Overtaker = current;
                return false;
            }

            // Only this claim ends the chunk in its epoch, by a last write, behind which nothing is to be written.
            if (current.Ended || isWritten(current))
            {
                return Stands(current);
            }

            Chunk = Chunk.InRow(current.ETag, current.Unknown) with
            {
                Strikes = current.Strikes,
                StrikeDone = current.StrikeDone,
                StrikeEpoch = current.StrikeEpoch,
                StruckAt = current.StruckAt,
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
            sending?.Renew(until);
        }

        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Batch {BatchId}, chunk {Chunk}: the claim could not be renewed and will be tried again.")]
        public static partial void NotRenewed(ILogger logger, Exception e, string batchId, int chunk);
    }
}
