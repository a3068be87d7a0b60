using BatchFunctions.Batches;
using BatchFunctions.Files;
using BatchFunctions.Ids;

namespace BatchFunctions.Processing;

/// <summary>
/// Lets go of what a batch has read: files that were deleted meanwhile have kept their content for it. A crash before that leaves the
/// content to the tombstone's entry.
/// </summary>
internal sealed class BatchInputs(FileDeletion deletion, BatchStore batches)
{
    /// <summary>Lets go of the input of a batch that is cleared away, and of what that was made of.</summary>
    public async Task ReleaseAsync(Batch batch, CancellationToken ct)
    {
        await deletion.ReleaseAsync(batch.Tenant, batch.InputFileId, ct);
        if (batch.RetryOf is { } id && await batches.FindAnyAsync(new BatchKey(batch.Tenant, id), ct) is { } original)
        {
            foreach (var source in original.ResultFileIds.Prepend(original.InputFileId).Where(source => source != batch.InputFileId))
            {
                await deletion.ReleaseAsync(batch.Tenant, source, ct);
            }
        }
    }
}
