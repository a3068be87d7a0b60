using BatchFunctions.Ids;
using BatchFunctions.Protocol;
using BatchFunctions.Wakeups;

namespace BatchFunctions.Batches;

/// <summary>Cancels a batch on request.</summary>
internal sealed class BatchCancellation(BatchStore batches, BatchLooks looks, BatchQueues queues, ProtocolSteps steps, TimeProvider time)
{
    /// <summary>
    /// Sets the batch to <see cref="BatchStatus.Cancelling"/> and asks for an advance, which closes its idle chunks;
    /// running ones notice the status and close themselves. The sweep is told first to look at the batch: a crash before the advance is
    /// asked for leaves that to it. A batch that can no longer be cancelled is left as it is,
    /// and the caller checks its status.
    /// </summary>
    /// <returns>The batch afterwards; null if there is none.</returns>
    public async Task<Batch?> CancelAsync(BatchKey key, CancellationToken ct)
    {
        await looks.SeeToAsync(key, chunk: null, ct);
        var batch = await batches.MutateAsync(
            key,
            before => before.Status is BatchStatus.Validating or BatchStatus.InProgress
                ? before.Cancel(time.GetUtcNow())
                : null,
            ct);
        if (batch?.Status == BatchStatus.Cancelling)
        {
            await steps.ReachedAsync(ProtocolStep.CancelWritten, ct);

            // Also for a batch that was already cancelling: the process that set the status may have crashed before it
            // asked.
            await queues.AskAdvanceAsync(key, ct);
        }

        return batch;
    }
}
