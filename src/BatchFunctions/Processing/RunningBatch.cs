using BatchFunctions.Batches;
using BatchFunctions.Storage;
using BatchFunctions.Upstream;
using BatchFunctions.Wakeups;

namespace BatchFunctions.Processing;

/// <summary>
/// A chunk's batch from the point of view of the chunk's run: whether it still runs, and where to report progress.
/// </summary>
internal sealed class RunningBatch(Batch batch, BatchWatch watch, SweepGuard guard, BatchQueues queues, UpstreamClient upstream, TimeProvider time)
{
    /// <summary>How often the batch's row is read while nobody gets through: a cancel is noticed that much later.</summary>
    private static readonly TimeSpan AwayPoll = TimeSpan.FromSeconds(10);

    private DateTimeOffset _readAt = time.GetUtcNow();

    /// <summary>The batch at the start of the run.</summary>
    public Batch Batch { get; } = batch;

    /// <summary>
    /// Whether the batch still runs, by its row as far as that can be read: a storage outage ends no run before the
    /// deadline.
    /// </summary>
    public async Task<bool> StillRunsAsync()
    {
        var at = time.GetUtcNow();
        if (at - _readAt < AwayPoll && upstream.IsAway(Batch.Model))
        {
            return !Batch.IsOverdue(at);
        }

        _readAt = at;
        try
        {
            return await watch.GetAsync(Batch.Key, CancellationToken.None) is not { } now || now.Runs(time.GetUtcNow());
        }
        catch (Exception e) when (StorageFaults.IsStorages(e))
        {
            return !Batch.IsOverdue(time.GetUtcNow());
        }
    }

    /// <summary>
    /// Called now and then while lines are sent: sees to it that sweeps go on, and that the batch's counts include what was
    /// committed when it was not this process's turn.
    /// </summary>
    public async Task LookAsync(CancellationToken ct)
    {
        await guard.LookAsync(ct);
        if (watch.TryTakeOwedTurn(Batch.Key))
        {
            await TryAskAsync(() => queues.AskAdvanceAsync(Batch.Key, ct), ct);
        }
    }

    /// <summary>Why the batch's lines are no longer sent; null while they still are.</summary>
    public async Task<CloseReason?> CloseReasonAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        return CloseReason.Of(await watch.GetAsync(Batch.Key, ct) ?? Batch, now);
    }

    /// <summary>
    /// Called after lines were committed: asks for an advance to update the batch's counts, if it is this process's
    /// turn.
    /// </summary>
    public Task ProgressedAsync(CancellationToken ct) => !watch.TryTakeProgressTurn(Batch.Key) ? Task.CompletedTask
        : TryAskAsync(() => Batch.IsUncounted ? queues.AskAdvanceNowAsync(Batch.Key, ct) : queues.AskAdvanceAsync(Batch.Key, ct), ct);

    /// <summary>Asks beside the run: whatever comes of it, a shutdown included, the run must come to its last checkpoint.</summary>
    private async Task TryAskAsync(Func<Task> ask, CancellationToken ct)
    {
        try
        {
            await ask();
        }
        catch (Exception e) when (StorageFaults.IsStorages(e) || ct.IsCancellationRequested)
        {
            watch.Owe(Batch.Key);
        }
    }
}
