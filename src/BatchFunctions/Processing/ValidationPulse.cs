using BatchFunctions.Batches;
using BatchFunctions.Ids;

namespace BatchFunctions.Processing;

/// <summary>
/// Says in a batch's row that its input is being read, so that the sweep does not take the message for lost and has a large input read
/// twice at once. After a crash the row says it no more, and the sweep sends the message again.
/// </summary>
/// <param name="batches">The batches.</param>
/// <param name="key">The batch.</param>
/// <param name="lost">How long after a sign the message counts as lost.</param>
/// <param name="time">The clock.</param>
internal sealed class ValidationPulse(BatchStore batches, BatchKey key, TimeSpan lost, TimeProvider time)
{
    private readonly TimeSpan _interval = lost * 0.4;
    private long _last = time.GetTimestamp();

    /// <summary>Gives a sign, if it is time for one. An input that is read quickly gets none.</summary>
    public async ValueTask BeatAsync(CancellationToken ct)
    {
        if (time.GetElapsedTime(_last) < _interval)
        {
            return;
        }

        _last = time.GetTimestamp();
        await batches.MutateAsync(
            key, batch => batch.Status == BatchStatus.Validating ? batch with { ProgressAt = time.GetUtcNow() } : null, ct);
    }
}
