using BatchFunctions.ActiveBatches;
using BatchFunctions.Configuration;
using BatchFunctions.Ids;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Batches;

/// <summary>
/// Sees to it that the sweep looks at a batch in time with which somebody is about to begin something: a claim of a chunk, a cancel. The
/// sweep lets a batch rest only under the ETag that its active row had before the look, and only if none of its rows was written for two
/// leases. So whoever writes the active row first, and then the batch's or a chunk's, is not overlooked: either the row says when its
/// lease would be over, or it says that the batch is to be looked at now, and its ETag refuses the sweep that saw nothing yet.
/// </summary>
internal sealed class BatchLooks(
    ActiveBatchStore active, BatchQueues queues, ProtocolSteps steps, IOptions<BatchOptions> options, TimeProvider time) : IDisposable
{
    /// <summary>How often a row is read again that others write at the same time.</summary>
    private const int Tries = 20;

    private readonly MemoryCache _seenTo = new(new MemoryCacheOptions());

    /// <summary>How long after its creation a batch is looked at by every sweep, since it is not let rest.</summary>
    private TimeSpan Young => options.Value.Lease;

    /// <summary>For how long none of a batch's rows must have been written before it may rest.</summary>
    public TimeSpan Calm => options.Value.Lease * 2;

    /// <summary>
    /// To be called before a chunk is claimed, or a batch is changed, so that the sweep looks at it when a lease from now would be over.
    /// Once for each lease it costs a read and a write; for a batch that was made within a lease, nothing.
    /// </summary>
    /// <param name="key">The batch.</param>
    /// <param name="chunk">The chunk that is about to be claimed: if it waited without a message, it does no longer.</param>
    /// <param name="ct">Cancels the operation.</param>
    public async Task SeeToAsync(BatchKey key, int? chunk, CancellationToken ct)
    {
        var began = time.GetUtcNow();
        if (began - IdKind.Batch.CreatedAt(key.Id) < Young || (_seenTo.TryGetValue(key, out DelayedMessage? last) && last!.IsOnItsWay(time)))
        {
            return;
        }

        var by = DelayedMessage.Begin(time, options.Value.Lease);
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            if (await active.FindAsync(key, ct) is not { IsNewer: false } row)
            {
                // Cleared away by now, or a newer version's to look after.
                return;
            }

            var rests = row.RestsAt(by.DueAt);
            var waiting = row.Waiting.Where(number => number != chunk).ToList();
            if (await active.TryWriteLookAsync(
                row with { LookAt = rests ? by.DueAt : row.LookAt, Waiting = waiting, WaitsFor = waiting.Count > 0 ? row.WaitsFor : [] }, ct))
            {
                _seenTo.Set(key, by, options.Value.Lease);
                await steps.ReachedAsync(ProtocolStep.LookMoved, ct);
                if (rests)
                {
                    await queues.AskSweepAsync(options.Value.Lease, ct);
                }

                return;
            }
        }

        throw new ConcurrencyException($"The active row of batch {key.Id}");
    }

    /// <summary>
    /// Notes that a chunk waits until an upstream is back, in the place of a message. It does not let the batch rest: that is the sweep's.
    /// </summary>
    /// <param name="key">The batch.</param>
    /// <param name="chunk">The chunk.</param>
    /// <param name="upstreams">The upstreams, of which any will do.</param>
    /// <param name="ct">Cancels the operation.</param>
    /// <returns>Whether it is noted; otherwise the chunk needs a message.</returns>
    public async Task<bool> TryNoteWaitAsync(BatchKey key, int chunk, IReadOnlyList<string> upstreams, CancellationToken ct)
    {
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            if (await active.FindAsync(key, ct) is not { IsNewer: false } row
                || row.Waiting.Count >= ActiveBatch.MostWaiting
                || (row.WaitsFor.Count > 0 && !row.WaitsFor.SequenceEqual(upstreams, StringComparer.Ordinal)))
            {
                return false;
            }

            if (await active.TryWriteLookAsync(
                row with { Waiting = [.. row.Waiting.Append(chunk).Distinct().Order()], WaitsFor = upstreams, WaitsSince = time.GetUtcNow() }, ct))
            {
                // So that whoever claims it next takes it off again.
                _seenTo.Remove(key);
                return true;
            }
        }

        return false;
    }

    public void Dispose() => _seenTo.Dispose();
}
