
namespace BatchFunctions.Batches;

/// <summary>
/// The allowed transitions between statuses. Every verb of <see cref="Batch"/> and every write of its row is checked
/// here, so that no handler, however late its message, can move a batch where it must not go. A write that keeps the
/// status is allowed until the batch has ended.
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

    /// <summary>Whether a batch may change from one status to the other.</summary>
    public static bool Leads(BatchStatus from, BatchStatus to) => Table[from].Contains(to);

    /// <summary>Checks a write of a batch's row, which may also leave the status unchanged, or pass <c>finalizing</c> on the way to <c>completed</c>.</summary>
    /// <exception cref="InvalidOperationException">
    /// The transition is not allowed, or the batch has already ended.
    /// </exception>
    public static void Check(string batchId, BatchStatus from, BatchStatus to)
    {
        if (from == to ? from.HasEnded() : !Leads(from, to) && (from, to) is not (BatchStatus.InProgress, BatchStatus.Completed))
        {
            throw Refusal(batchId, from, to);
        }
    }

    public static InvalidOperationException Refusal(string id, BatchStatus from, BatchStatus to) =>
        new($"Batch {id} cannot go from '{from.Wire()}' to '{to.Wire()}'.");
}
