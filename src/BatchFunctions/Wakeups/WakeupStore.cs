using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using BatchFunctions.Ids;
using BatchFunctions.Storage;

namespace BatchFunctions.Wakeups;

/// <summary>
/// Which wake-ups have been sent and not yet been taken up, in the table <c>pending</c>. Whoever inserts the row sends
/// the message; its handler removes the row before it reads anything, so that whatever changes after that asks anew.
/// Many asking at once cost one message.
/// </summary>
internal sealed class WakeupStore(TableClient table, TimeProvider time)
{
    private const string AdvancePartition = "advance";
    private const string SweepPartition = "sweep";
    private const string SweepRow = "sweep";
    private const string AskedAt = "AskedAt";
    private const string Copies = "Copies";

    /// <summary>As far as the time before the next copy grows: a thousand times.</summary>
    private const int MostDoublings = 10;

    public WakeupStore(StorageClients storage, TimeProvider time)
        : this(storage.Tables.GetTableClient(TableNames.Pending), time)
    {
    }

    /// <summary>Whether the caller is the one to send the advance of this batch.</summary>
    public async Task<bool> TryAddAdvanceAsync(BatchKey batch, CancellationToken ct) =>
        await TableWrites.TryInsertAsync(table, RowOf(AdvancePartition, batch.Id, batch.Tenant), ct) is not null;

    /// <summary>Takes up an advance: its row goes, and whatever changes from here on asks anew.</summary>
    /// <returns>
    /// Whether a row was there. Where none was, another message has been taken up since this one was asked for. A row that
    /// only may have been there, since the request had to be repeated, counts as one.
    /// </returns>
    public async Task<bool> TryTakeAdvanceAsync(BatchKey batch, CancellationToken ct)
    {
        var sent = new SendCount();
        using var counted = sent.Begin();

        // ETag.All: a row that was asked for again meanwhile is asked for what this handler is about to see.
        var response = await table.DeleteEntityAsync(AdvancePartition, batch.Id, ETag.All, ct);
        return response.Status != 404 || !sent.IsOne;
    }

    /// <summary>
    /// The ticket of the next sweep, where the caller is the one to send it; null where one is under way. A row that was
    /// asked for longer ago than <paramref name="lost"/> has lost its message, and is taken over.
    /// </summary>
    public async Task<ETag?> TryAddSweepAsync(TimeSpan lost, CancellationToken ct)
    {
        if (await TableWrites.TryInsertAsync(table, RowOf(SweepPartition, SweepRow, ""), ct) is { } added)
        {
            return added;
        }

        var standing = await table.GetEntityIfExistsAsync<TableEntity>(SweepPartition, SweepRow, null, ct);
        return standing.HasValue && time.GetUtcNow() - standing.Value!.GetDateTimeOffset(AskedAt) > lost
            ? await TableWrites.TryUpdateAsync(table, RowOf(SweepPartition, SweepRow, ""), standing.Value.ETag, ct)
            : null;
    }

    /// <summary>
    /// Takes up a sweep by its ticket. A row with another ticket means that the next one is under way already: this message
    /// is a copy, and would start a second chain beside the first. No row at all means that an earlier try came so far.
    /// </summary>
    /// <returns>Whether to sweep.</returns>
    public async Task<bool> TryTakeSweepAsync(string? ticket, CancellationToken ct)
    {
        try
        {
            await table.DeleteEntityAsync(SweepPartition, SweepRow, ticket is null ? ETag.All : new ETag(ticket), ct);
            return true;
        }
        catch (RequestFailedException e) when (e.Status == 412)
        {
            return false;
        }
    }

    /// <summary>
    /// Batches whose advance was asked for so long ago that its message may be lost: after <paramref name="lost"/>, and after
    /// twice as long each time that it was sent again, since behind a long queue a message is late and not lost. Each row
    /// bears the new time by then; one that another has changed meanwhile is left to that other.
    /// </summary>
    public async IAsyncEnumerable<BatchKey> TakeOverLateAdvancesAsync(
        TimeSpan lost, [EnumeratorCancellation] CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var before = now - lost;
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {AdvancePartition} and AskedAt lt {before}");
        await foreach (var row in table.QueryAsync<TableEntity>(filter, cancellationToken: ct))
        {
            var copies = row.GetInt32(Copies) ?? 0;
            if (row.GetDateTimeOffset(AskedAt) + (lost * Math.Pow(2, Math.Min(copies, MostDoublings))) >= now)
            {
                continue;
            }

            row[AskedAt] = now;
            row[Copies] = copies + 1;
            if (await TableWrites.TryUpdateAsync(table, row, row.ETag, ct) is not null)
            {
                yield return new BatchKey(row.GetString("Tenant"), row.RowKey);
            }
        }
    }

    private TableEntity RowOf(string partition, string key, string tenant) => new(partition, key)
    {
        ["Tenant"] = tenant,
        [AskedAt] = time.GetUtcNow(),
    };
}
