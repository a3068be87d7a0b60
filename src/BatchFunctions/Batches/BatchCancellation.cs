using BatchFunctions.Ids;
using BatchFunctions.Protocol;
using BatchFunctions.Wakeups;

namespace BatchFunctions.Batches;

/// <summary>Cancels batches.</summary>
internal sealed class BatchCancellation(BatchStore batches, BatchQueues queues, ProtocolSteps steps, TimeProvider time)
{
    /// <summary>
    /// Takes the batch to <see cref="BatchStatus.Cancelling"/> and asks for an advance, which closes its idle chunks;
    /// running ones see the status and close themselves. A batch that can no longer be cancelled is left as it is: the
    /// caller reads its status.
    /// </summary>
    /// <returns>The batch as it stands after; null when there is none.</returns>
    public async Task<Batch?> CancelAsync(BatchKey key, CancellationToken ct)
    {
        var batch = await batches.MutateAsync(
            key,
            before => before.Status is BatchStatus.Validating or BatchStatus.InProgress
                ? before.Cancel(time.GetUtcNow())
                : null,
            ct);
        if (batch?.Status == BatchStatus.Cancelling)
        {
            await steps.ReachedAsync(ProtocolStep.CancelWritten, ct);

            // Also for a batch that was cancelling already: the first asking may have been lost with its process.
            await queues.AskAdvanceAsync(key, ct);
        }

        return batch;
    }
}
