using System.Runtime.CompilerServices;
using Azure.Data.Tables;

namespace BatchFunctions.Storage;

/// <summary>
/// Records in a table, each changed under its row's ETag alone. A row of a newer version is refused; columns that are not
/// known are kept, so that two versions may work side by side as long as the version stays the same.
/// </summary>
/// <typeparam name="T">The record.</typeparam>
internal sealed class FencedTable<T>(TableClient table, RowMap<T> map)
    where T : class, IFenced<T>
{
    /// <summary>How often others may be faster before a change is given up.</summary>
    private const int Tries = 8;

    /// <summary>Inserts the record's row; null when one stands there already.</summary>
    public async Task<T?> TryInsertAsync(T record, CancellationToken ct) =>
        await TableWrites.TryInsertAsync(table, map.ToRow(record), ct) is { } etag ? record.InRow(etag, null) : null;

    /// <summary>The record; null when it has no row.</summary>
    /// <exception cref="NewerRowException">The row is a newer version's.</exception>
    public async Task<T?> FindAsync(string partitionKey, string rowKey, CancellationToken ct)
    {
        var row = await table.GetEntityIfExistsAsync<TableEntity>(partitionKey, rowKey, null, ct);
        return row.HasValue ? Read(row.Value!) : null;
    }

    /// <summary>Records, in the order of their rows.</summary>
    /// <param name="filter">An OData filter.</param>
    /// <param name="perPage">How many rows a request may answer; null for as many as storage will.</param>
    /// <param name="ct">Ends the walk.</param>
    /// <exception cref="NewerRowException">A row is a newer version's.</exception>
    public async IAsyncEnumerable<T> QueryAsync(string filter, int? perPage, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var row in table.QueryAsync<TableEntity>(filter, perPage, cancellationToken: ct))
        {
            yield return Read(row);
        }
    }

    /// <summary>Writes the record under the ETag that it was read with; null when its row has changed or gone meanwhile.</summary>
    public async Task<T?> TryUpdateAsync(T record, CancellationToken ct) =>
        await TableWrites.TryUpdateAsync(table, RowOf(record), record.ETag, ct) is { } etag
            ? record.InRow(etag, record.Unknown)
            : null;

    /// <summary>
    /// Reads a record, changes it and writes it under its ETag; reads again at once when another was faster. The change answers
    /// null to leave the record as it is, and may end the matter by throwing. It runs again on each reading: what it decides
    /// from must be read inside it.
    /// </summary>
    /// <returns>The record as it stands after, changed or not; null when there is none.</returns>
    /// <exception cref="ConcurrencyException">Others were faster each time.</exception>
    public async Task<T?> MutateAsync(
        string partitionKey, string rowKey, Func<T, CancellationToken, ValueTask<T?>> change, CancellationToken ct)
    {
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            if (await FindAsync(partitionKey, rowKey, ct) is not { } before)
            {
                return null;
            }

            if (await change(before, ct) is not { } after)
            {
                return before;
            }

            if (await TryUpdateAsync(after.InRow(before.ETag, before.Unknown), ct) is { } written)
            {
                return written;
            }
        }

        throw new ConcurrencyException($"The row {rowKey} of the table {table.Name}");
    }

    /// <summary>Deletes the row whatever its state; deleting what has gone is no error.</summary>
    public Task DeleteAsync(string partitionKey, string rowKey, CancellationToken ct) =>
        TableWrites.DeleteAsync(table, partitionKey, rowKey, ct);

    private TableEntity RowOf(T record)
    {
        var row = map.ToRow(record);
        foreach (var (name, value) in record.Unknown ?? new Dictionary<string, object>())
        {
            row.TryAdd(name, value);
        }

        return row;
    }

    private T Read(TableEntity row)
    {
        if (row.GetInt32(TableWrites.Version) is { } version && version > TableWrites.CurrentVersion)
        {
            throw new NewerRowException(table.Name, row.RowKey, version);
        }

        Dictionary<string, object>? unknown = null;
        foreach (var (name, value) in row)
        {
            if (value is not null && !map.Columns.Contains(name) && !TableWrites.Columns.Contains(name))
            {
                (unknown ??= [])[name] = value;
            }
        }

        return map.FromRow(row).InRow(row.ETag, unknown);
    }
}
