using BatchFunctions.Batches;

namespace BatchFunctions.Testing;

/// <summary>Batches in the state that a test begins with.</summary>
internal static class BatchStates
{
    /// <summary>The batch as its row would bring it back with this status: the verbs lead only where the protocol goes.</summary>
    public static Batch WithStatus(this Batch batch, BatchStatus status)
    {
        var row = BatchRow.ToRow(batch);
        row["Status"] = status.Wire();
        return BatchRow.FromRow(row) with { ETag = batch.ETag };
    }
}
