
namespace BatchFunctions.Batches;

/// <summary>
/// The states a batch may go to from each state. Every verb of <see cref="Batch"/> and every write of its row passes
/// through it, so that no handler, however late its message, can take a batch where it must not go. A write that keeps
/// the status is always allowed until the batch has ended.
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

    /// <summary>Whether a batch may go from one state to the other.</summary>
    public static bool Leads(BatchStatus from, BatchStatus to) => Table[from].Contains(to);

    /// <exception cref="InvalidOperationException">The batch must not go there.</exception>
    public static void Check(string batchId, BatchStatus from, BatchStatus to)
    {
        if (!Allows(from, to))
        {
            throw new InvalidOperationException($"Batch {batchId} cannot go from '{from.Wire()}' to '{to.Wire()}'.");
        }
    }

    public static InvalidOperationException Refusal(string id, BatchStatus from, BatchStatus to) =>
        new($"Batch {id} cannot go from '{from.Wire()}' to '{to.Wire()}'.");
}
