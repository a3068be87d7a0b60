using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using BatchFunctions.Ids;
using BatchFunctions.Storage;

namespace BatchFunctions.Wakeups;

/// <summary>
/// The wake-ups that have been sent and not yet taken up, in the table <c>pending</c>. Whoever inserts the row sends
/// the message; its handler removes the row before it reads anything, so that any later change asks anew. Many that ask
/// at once cost one message. Advances stand in sixteen partitions, by the last digit of the batch's time: no one of them
/// takes the writes of all.
/// </summary>
internal sealed class WakeupStore(TableClient table, TimeProvider time)
{
    /// <summary>What the partitions of advances begin with; by itself, the one in which earlier versions have all of them.</summary>
    private const string Advances = "advance";

    /// <summary>Where the last digit of its time stands in a batch's id: behind <c>batch_</c> and eleven others.</summary>
    private const int TimeDigit = 17;

    /// <summary>Behind all partitions of advances.</summary>
    private const string BehindAdvances = "advanceg";

    private const string AskedAt = SweepRow.AskedAt;
    private const string Copies = "Copies";
    private const string TenantColumn = "Tenant";

    /// <summary>The limit on how often the time before the next copy doubles: to about a thousand times.</summary>
    private const int MostDoublings = 10;

    /// <summary>How often the sweep's row is read again that others write at the same time.</summary>
    private const int Tries = 3;

    public WakeupStore(StorageClients storage, TimeProvider time)
        : this(storage.Tables.GetTableClient(TableNames.Pending), time)
    {
    }

    /// <summary>Holds of the sweep's row.</summary>
    public SweepHolds Holds { get; } = new(table, time);

    /// <summary>Whether the caller is the one to send the advance of this batch.</summary>
    public async Task<bool> TryAddAdvanceAsync(BatchKey batch, CancellationToken ct) =>
        await TableWrites.TryInsertAsync(table, RowOf(PartitionOf(batch), batch.Id, batch.Tenant), ct) is not null;

    /// <summary>Takes up an advance: removes its row, so that any change from here on asks anew.</summary>
    /// <returns>
    /// Whether there was a row. If there was none, another message has been taken up since this one was asked for. If
    /// the request had to be repeated, a row may have been there, and counts as found.
    /// </returns>
    public async Task<bool> TryTakeAdvanceAsync(BatchKey batch, CancellationToken ct)
    {
        // The second is where an earlier version asked. A message of this version finds its row in the first.
        return await TryTakeAdvanceAsync(PartitionOf(batch), batch, ct) || await TryTakeAdvanceAsync(Advances, batch, ct);
    }

    /// <summary>
    /// Whether the caller is the one to send the next sweep. One that is on its way is enough, unless its message is lost, or due so late
    /// that the caller cannot wait for it: then it is taken over, and its message is a copy. One that is under way and holds the row is
    /// enough, too, once the row says when another is wanted behind it.
    /// </summary>
    /// <param name="dueAt">When the caller's would be due.</param>
    /// <param name="latest">Until when one that is under way must be due to be enough.</param>
    /// <param name="interval">The longest time until an ordinary sweep is due, by which those are judged that do not say when they are.</param>
    /// <param name="lost">How long after it was due a message is taken for lost.</param>
    /// <param name="asker">Who asks.</param>
    /// <param name="ct">Cancels the operation.</param>
    public async Task<SweepAsk> AskSweepAsync(
        DateTimeOffset dueAt, DateTimeOffset latest, TimeSpan interval, TimeSpan lost, SweepAsker asker, CancellationToken ct)
    {
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            var now = time.GetUtcNow();
            if (await TableWrites.TryInsertAsync(table, SweepRow.Asked(dueAt, now), ct) is { } added)
            {
                return new SweepAsk(added, dueAt, IsTakenOver: false, IsWanted: false);
            }

            var found = await table.GetEntityIfExistsAsync<TableEntity>(SweepRow.Partition, SweepRow.Key, null, ct);
            if (found is not { HasValue: true, Value: { } standing })
            {
                return default;
            }

            if (SweepRow.HolderOf(standing) is { } holder && (holder == asker.Holder || (!asker.IsGuard && SweepRow.IsHeld(standing, interval + lost, now))))
            {
                if (await TryAskBehindAsync(standing, dueAt, latest, isOwn: holder == asker.Holder, ct) is { } asked)
                {
                    return asked;
                }

                continue;
            }

            var ordinary = SweepRow.AskedAtOf(standing) + interval ?? DateTimeOffset.MinValue;
            var due = SweepRow.DueAtOf(standing) ?? ordinary;
            return SweepRow.HolderOf(standing) is not null || (due > ordinary ? due : ordinary) + lost < now || due > latest
                ? new SweepAsk(
                    await TableWrites.TryUpdateAsync(table, SweepRow.Asked(dueAt, now), standing.ETag, ct), dueAt, IsTakenOver: true, IsWanted: false)
                : default;
        }

        return default;
    }

    /// <inheritdoc cref="AskSweepAsync(DateTimeOffset, DateTimeOffset, TimeSpan, TimeSpan, SweepAsker, CancellationToken)"/>
    public Task<SweepAsk> AskSweepAsync(DateTimeOffset dueAt, DateTimeOffset latest, TimeSpan interval, TimeSpan lost, CancellationToken ct) =>
        AskSweepAsync(dueAt, latest, interval, lost, asker: default, ct);

    /// <summary>Asks while a sweep holds the row: its holder puts the next one in its place, anybody else says when it is wanted.</summary>
    /// <returns>Null if the row has changed since it was read.</returns>
    private async Task<SweepAsk?> TryAskBehindAsync(
        TableEntity standing, DateTimeOffset dueAt, DateTimeOffset latest, bool isOwn, CancellationToken ct)
    {
        var wanted = SweepRow.WantedBy(standing);
        if (isOwn)
        {
            var due = wanted < dueAt ? wanted.Value : dueAt;
            return await TableWrites.TryUpdateAsync(table, SweepRow.Asked(due, time.GetUtcNow()), standing.ETag, ct) is { } ticket
                ? new SweepAsk(ticket, due, IsTakenOver: false, IsWanted: wanted is not null)
                : null;
        }

        if (wanted <= latest || latest == DateTimeOffset.MaxValue)
        {
            return default(SweepAsk);
        }

        SweepRow.Want(standing, dueAt);
        return await TableWrites.TryUpdateAsync(table, standing, standing.ETag, ct) is null ? null : default(SweepAsk);
    }

    /// <summary>
    /// Takes up a sweep by its ticket. A row with another ticket means that the next sweep is already under way: this
    /// message is a copy, and would start a second chain. No row at all means that an earlier try got this far.
    /// </summary>
    /// <returns>Whether to sweep.</returns>
    public async Task<bool> TryTakeSweepAsync(string? ticket, CancellationToken ct)
    {
        try
        {
            await table.DeleteEntityAsync(SweepRow.Partition, SweepRow.Key, ticket is null ? ETag.All : new ETag(ticket), ct);
            return true;
        }
        catch (RequestFailedException e) when (e.Status == 412)
        {
            return false;
        }
    }

    /// <summary>
    /// Batches whose advance was asked for so long ago that its message may be lost: <paramref name="lost"/> ago, and
    /// twice as long each time that it has been sent again, since behind a long queue a message is late rather than
    /// lost. Each row carries the new time before it is returned; one that somebody else has changed meanwhile is left
    /// to them.
    /// </summary>
    public async IAsyncEnumerable<BatchKey> TakeOverLateAdvancesAsync(
        TimeSpan lost, [EnumeratorCancellation] CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var before = now - lost;
        var filter = TableClient.CreateQueryFilter($"PartitionKey ge {Advances} and PartitionKey lt {BehindAdvances} and AskedAt lt {before}");
        await foreach (var row in table.QueryAsync<TableEntity>(filter, cancellationToken: ct))
        {
            if (!row.TryGetValue(TenantColumn, out var tenant) || tenant is not string)
            {
                // Spoilt, and only a wake-up: whoever asks next inserts another.
                await TableWrites.DeleteAsync(table, row.PartitionKey, row.RowKey, ct);
                continue;
            }

            var copies = row.TryGetValue(Copies, out var count) && count is int known ? known : 0;
            if (SweepRow.AskedAtOf(row) + (lost * Math.Pow(2, Math.Min(copies, MostDoublings))) >= now)
            {
                continue;
            }

            row[AskedAt] = now;
            row[Copies] = copies + 1;
            if (await TableWrites.TryUpdateAsync(table, row, row.ETag, ct) is not null)
            {
                yield return new BatchKey((string)tenant, row.RowKey);
            }
        }
    }

    /// <summary>
    /// The partition of a batch's advance: by the last digit of the milliseconds in its id, which is as good as random, and the same for
    /// everybody.
    /// </summary>
    private static string PartitionOf(BatchKey batch) =>
        batch.Id.Length > TimeDigit && char.IsAsciiHexDigitLower(batch.Id[TimeDigit]) ? Advances + batch.Id[TimeDigit] : Advances + "0";

    private async Task<bool> TryTakeAdvanceAsync(string partition, BatchKey batch, CancellationToken ct)
    {
        var sent = new SendCount();
        using var counted = sent.Begin();

        // ETag.All: if the row was asked for again meanwhile, this handler is about to see what that was asked for.
        var response = await table.DeleteEntityAsync(partition, batch.Id, ETag.All, ct);
        return response.Status != 404 || !sent.IsOne;
    }

    private TableEntity RowOf(string partition, string key, string tenant) => new(partition, key)
    {
        [TenantColumn] = tenant,
        [AskedAt] = time.GetUtcNow(),
    };
}

/// <summary>What came of asking for a sweep.</summary>
/// <param name="Ticket">Its ticket, if the caller is to send it; null if there is another.</param>
/// <param name="DueAt">When it is due.</param>
/// <param name="IsTakenOver">Whether it stands in the place of another that was due later, or was lost.</param>
/// <param name="IsWanted">Whether others asked for one while the one before it was under way.</param>
internal readonly record struct SweepAsk(ETag? Ticket, DateTimeOffset DueAt, bool IsTakenOver, bool IsWanted);
