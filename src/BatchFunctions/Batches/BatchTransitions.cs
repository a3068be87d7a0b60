
namespace BatchFunctions.Batches;

/// <summary>
/// The states a batch may go to from each state. Every write of a batch's row passes through it, so that no handler,
/// however late its message, can take a batch where it must not go. A write that keeps the status is always allowed
/// until the batch has ended.
/// </summary>
internal static class BatchTransitions
{
    private static readonly Dictionary<BatchStatus, BatchStatus[]> Table = new()
    {
        [BatchStatus.Validating] = [BatchStatus.InProgress, BatchStatus.Failed, BatchStatus.Cancelling, BatchStatus.Finalizing],
        [BatchStatus.InProgress] = [BatchStatus.Finalizing, BatchStatus.Cancelling, BatchStatus.Failed],
        [BatchStatus.Cancelling] = [BatchStatus.Finalizing, BatchStatus.Failed],
        [BatchStatus.Finalizing] = [BatchStatus.Completed, BatchStatus.Expired, BatchStatus.Cancelled, BatchStatus.Failed],
        [BatchStatus.Completed] = [],
        [BatchStatus.Expired] = [],
        [BatchStatus.Cancelled] = [],
        [BatchStatus.Failed] = [],
    };

    public static bool Allows(BatchStatus from, BatchStatus to) =>
        from == to ? !from.HasEnded() : Table[from].Contains(to);

    /// <exception cref="InvalidOperationException">The batch must not go there.</exception>
    public static void Check(string batchId, BatchStatus from, BatchStatus to)
    {
        if (!Allows(from, to))
        {
            throw new InvalidOperationException($"Batch {batchId} cannot go from '{from.Wire()}' to '{to.Wire()}'.");
        }
    }
}
