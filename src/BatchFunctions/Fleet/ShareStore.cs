using System.Globalization;
using System.Text.Json;
using Azure.Data.Tables;
using BatchFunctions.Ids;
using BatchFunctions.Storage;

namespace BatchFunctions.Fleet;

/// <summary>
/// The ledgers of the upstreams' shares, a row each in the table <c>fleet</c>: as JSON in UTF-8, over as many columns as it takes. Its
/// times are by storage's clock, which all processes see alike: it comes with each answer, in whole seconds.
/// </summary>
internal sealed class ShareStore(TableClient table, TimeProvider time, Random? random = null)
{
    private const string Partition = "share";
    private const string Column = "Ledger";

    /// <summary>What a binary column holds, in bytes.</summary>
    private const int MostBytes = 64 * 1024;

    /// <summary>How often a change is tried while others are faster.</summary>
    private const int Tries = 12;

    public ShareStore(StorageClients storage, TimeProvider time, Random? random = null)
        : this(storage.Tables.GetTableClient(TableNames.Fleet), time, random)
    {
    }

    private readonly Random _random = random ?? Random.Shared;

    /// <summary>Reads a ledger; an empty one where there is none, or where it cannot be read.</summary>
    public async Task<ShareLedger> ReadAsync(string upstream, CancellationToken ct) => (await FindAsync(upstream, ct)).Ledger;

    /// <summary>Reads a ledger, with the shares that hold now.</summary>
    public async Task<ShareLedger> ReadLivingAsync(string upstream, CancellationToken ct)
    {
        var (ledger, _, now) = await FindAsync(upstream, ct);
        return ledger.Living(now, WorkerIdentity.Own.KnowsDead);
    }

    /// <summary>Changes a ledger under its ETag.</summary>
    /// <param name="upstream">The upstream's name.</param>
    /// <param name="change">
    /// Makes the new ledger of the present one and of the time by storage's clock, which is never ahead of it; null to leave it as it is.
    /// </param>
    /// <param name="ct">Cancels it.</param>
    /// <exception cref="ConcurrencyException">Others were faster every time.</exception>
    /// <exception cref="NewerRowException">A newer version wrote the ledger.</exception>
    public async Task MutateAsync(string upstream, Func<ShareLedger, DateTimeOffset, ShareLedger?> change, CancellationToken ct)
    {
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            var (ledger, row, now) = await FindAsync(upstream, ct);
            if (change(ledger, now) is not { } after)
            {
                return;
            }

            if (await TableWrites.TryWriteAsync(table, RowOf(upstream, after), row?.ETag, ct) is not null)
            {
                return;
            }

            // So that many who meet do not meet again.
            await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(5, 20 * (attempt + 1))), time, ct);
        }

        throw new ConcurrencyException($"The ledger of the upstream '{upstream}'");
    }

    private async Task<(ShareLedger Ledger, TableEntity? Row, DateTimeOffset Now)> FindAsync(string upstream, CancellationToken ct)
    {
        var found = await table.GetEntityIfExistsAsync<TableEntity>(Partition, upstream, null, ct);
        var now = found.GetRawResponse().Headers.Date ?? time.GetUtcNow();
        if (!found.HasValue)
        {
            return (ShareLedger.Empty, null, now);
        }

        NewerRowException.ThrowIfNewer(table, found.Value!);
        return (LedgerOf(found.Value!), found.Value, now);
    }

    private static ShareLedger LedgerOf(TableEntity row)
    {
        using var json = new MemoryStream();
        for (var column = 0; row.TryGetValue(NameOf(column), out var value) && value is byte[] bytes; column++)
        {
            json.Write(bytes);
        }

        try
        {
            json.Position = 0;
            return JsonSerializer.Deserialize(json, ShareJson.Default.ShareLedger) ?? ShareLedger.Empty;
        }
        catch (JsonException)
        {
            // Spoilt, or of another version: all begin anew, as when a ledger's row is gone.
            return ShareLedger.Empty;
        }
    }

    private static TableEntity RowOf(string upstream, ShareLedger ledger)
    {
        var row = new TableEntity(Partition, upstream);
        foreach (var (column, bytes) in JsonSerializer.SerializeToUtf8Bytes(ledger, ShareJson.Default.ShareLedger).Chunk(MostBytes).Index())
        {
            row[NameOf(column)] = bytes;
        }

        return row;
    }

    private static string NameOf(int column) => Column + column.ToString(CultureInfo.InvariantCulture);
}
