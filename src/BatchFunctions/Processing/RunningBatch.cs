using BatchFunctions.Batches;
using BatchFunctions.Storage;
using BatchFunctions.Wakeups;

namespace BatchFunctions.Processing;

/// <summary>A chunk's batch as the chunk's run sees it: whether it still runs, and where to tell of progress.</summary>
internal sealed class RunningBatch(Batch batch, BatchWatch watch, BatchQueues queues, TimeProvider time)
{
    /// <summary>The batch as it was when the run began.</summary>
    public Batch Batch { get; } = batch;

    /// <summary>The row's status, as far as it can be read; a storage outage ends no run.</summary>
    public async Task<bool> StillRunsAsync()
    {
        try
        {
            return await watch.GetAsync(Batch.Key, CancellationToken.None) is not { } now || now.Runs(time.GetUtcNow());
        }
        catch (Exception e) when (StorageFaults.IsFault(e))
        {
            return !Batch.IsOverdue(time.GetUtcNow());
        }
    }

    /// <summary>Why the batch's lines are not sent any more; null while they are.</summary>
    public async Task<CloseReason?> CloseReasonAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        return CloseReason.Of(await watch.GetAsync(Batch.Key, ct) ?? Batch, now);
    }

    /// <summary>Lines were committed: asks for an advance for the sake of the batch's counts, where it is time for that.</summary>
    public Task ProgressedAsync(CancellationToken ct) =>
        watch.TryTakeProgressTurn(Batch.Key) ? queues.AskAdvanceAsync(Batch.Key, ct) : Task.CompletedTask;
}
