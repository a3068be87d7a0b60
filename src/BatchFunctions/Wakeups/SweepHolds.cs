using Azure;
using Azure.Data.Tables;
using BatchFunctions.Storage;

namespace BatchFunctions.Wakeups;

/// <summary>
/// Holds the pending row for a sweep that takes long, so that whoever asks for one meanwhile starts none beside it. A hold that is not
/// renewed lapses, and counts for as little as a row whose message is lost.
/// </summary>
internal sealed class SweepHolds(TableClient table, TimeProvider time)
{
    /// <summary>How often a row is read again that others write at the same time.</summary>
    private const int Tries = 3;

    /// <summary>
    /// Holds the row, or holds it on. One that was asked for meanwhile is taken over, and its message is a copy: the holder asks for
    /// another when it is done.
    /// </summary>
    /// <param name="holder">The sweep's id.</param>
    /// <param name="lapse">How long after its last writing a hold counts for nothing.</param>
    /// <param name="ct">Cancels the operation.</param>
    /// <returns>False if another holds it: two are under way, and this one is to leave it to the other.</returns>
    public async Task<bool> TryHoldAsync(string holder, TimeSpan lapse, CancellationToken ct)
    {
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            var standing = await ReadAsync(ct);
            var now = time.GetUtcNow();
            if (standing is not null && SweepRow.HolderOf(standing) != holder && SweepRow.IsHeld(standing, lapse, now))
            {
                return false;
            }

            var wanted = standing is null ? null
                : SweepRow.HolderOf(standing) is null ? SweepRow.DueAtOf(standing) ?? now
                : SweepRow.WantedBy(standing);
            if (await TableWrites.TryWriteAsync(table, SweepRow.Held(holder, wanted, now), standing?.ETag, ct) is not null)
            {
                return true;
            }
        }

        // Others write it at this moment; the next time is soon.
        return true;
    }

    /// <summary>Gives up a hold, for a sweep whose message comes again: nothing is left then, as where a short one is broken off.</summary>
    public async Task ReleaseAsync(string holder, CancellationToken ct)
    {
        if (await ReadAsync(ct) is { } standing && SweepRow.HolderOf(standing) == holder)
        {
            await TryDeleteAsync(standing, ct);
        }
    }

    /// <summary>
    /// Takes a sweep up whose holder has died, for its message, which comes again: by the hold's ETag, so that of several one does.
    /// </summary>
    /// <returns>Whether to sweep.</returns>
    public async Task<bool> TryTakeLapsedAsync(TimeSpan lapse, CancellationToken ct) =>
        await ReadAsync(ct) is { } standing
        && SweepRow.HolderOf(standing) is not null
        && !SweepRow.IsHeld(standing, lapse, time.GetUtcNow())
        && await TryDeleteAsync(standing, ct);

    private async Task<TableEntity?> ReadAsync(CancellationToken ct) =>
        await table.GetEntityIfExistsAsync<TableEntity>(SweepRow.Partition, SweepRow.Key, null, ct) is { HasValue: true, Value: { } row } ? row : null;

    /// <returns>Whether the row was as it was read. If the request had to be repeated, the row may have been there, and counts as found.</returns>
    private async Task<bool> TryDeleteAsync(TableEntity row, CancellationToken ct)
    {
        var sent = new SendCount();
        try
        {
            using var counted = sent.Begin();
            return (await table.DeleteEntityAsync(row, row.ETag, ct)).Status != 404 || !sent.IsOne;
        }
        catch (RequestFailedException e) when (e.Status == 412)
        {
            return false;
        }
    }
}
