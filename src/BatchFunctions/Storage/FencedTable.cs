using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using Azure.Data.Tables;

namespace BatchFunctions.Storage;

/// <summary>
/// Records in a table, each changed under its row's ETag alone. A row of a newer version is refused; columns that are not
/// known are kept, so that two versions may work side by side as long as the version stays the same.
/// </summary>
/// <remarks>
/// An update replaces the row, since a merge cannot remove a column (an owner, a time to wait for). So the record carries
/// the columns of its row that it does not know, and they are written back with the rest.
/// </remarks>
/// <typeparam name="T">The record.</typeparam>
/// <param name="table">The table.</param>
/// <param name="toRow">
/// The row of a record, with its keys and every column that this version knows, absent ones as null: a column that is left
/// out would be taken for another version's, and could not be removed again.
/// </param>
/// <param name="fromRow">The record of a row.</param>
internal sealed class FencedTable<T>(TableClient table, Func<T, TableEntity> toRow, Func<TableEntity, T> fromRow)
    where T : class, IFenced<T>
{
    /// <summary>How often others may be faster before a change is given up.</summary>
    private const int Tries = 8;

    private FrozenSet<string>? _columns;

    /// <summary>Inserts the record's row; null when one stands there already.</summary>
    public async Task<T?> TryInsertAsync(T record, CancellationToken ct) =>
        await TableWrites.TryInsertAsync(table, RowOf(record), ct) is { } etag ? record.InRow(etag, null) : null;

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

    /// <summary>The row of a record as it is written: without absent columns, with those of other versions.</summary>
    public TableEntity RowOf(T record)
    {
        var row = toRow(record);
        foreach (var absent in row.Where(column => column.Value is null).Select(column => column.Key).ToList())
        {
            row.Remove(absent);
        }

        foreach (var (name, value) in record.Unknown ?? FrozenDictionary<string, object>.Empty)
        {
            row.Add(name, value);
        }

        return row;
    }

    private T Read(TableEntity row)
    {
        NewerRowException.ThrowIfNewer(table, row);
        var record = fromRow(row);
        _columns ??= toRow(record).Keys.ToFrozenSet(StringComparer.Ordinal);
        Dictionary<string, object>? unknown = null;
        foreach (var (name, value) in row)
        {
            if (value is not null && !_columns.Contains(name) && !TableWrites.Columns.Contains(name))
            {
                (unknown ??= [])[name] = value;
            }
        }

        return record.InRow(row.ETag, unknown);
    }
}
