using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using Azure.Data.Tables;

namespace BatchFunctions.Storage;

/// <summary>
/// Records in a table, each changed only under its row's ETag. A row of a newer version is refused. Unknown columns are
/// kept, so that two releases can work side by side as long as the row version stays the same.
/// </summary>
/// <remarks>
/// An update replaces the row, since a merge cannot remove a column (an owner, a time to wait for). So the record
/// carries the unknown columns of its row, and they are written back with the rest.
/// </remarks>
/// <typeparam name="T">The type of the records.</typeparam>
/// <param name="table">The table.</param>
/// <param name="toRow">
/// Makes a record's row, with its keys and every column that this version knows, absent ones as null: a column that is
/// left out would be taken for an unknown one, and could never be removed.
/// </param>
/// <param name="fromRow">Makes the record of a row.</param>
/// <param name="unreadable">
/// Makes what stands for a row that cannot be read, so that it keeps nobody from the rows beside it; null where such a row
/// is an error. It says so (<see cref="IFenced{T}.Unreadable"/>), and is never written in the row's place.
/// </param>
/// <param name="version">The newest version of the rows that are read; it is written too, unless the row itself names an older one.</param>
internal sealed class FencedTable<T>(
    TableClient table,
    Func<T, TableEntity> toRow,
    Func<TableEntity, T> fromRow,
    Func<TableEntity, Exception, T>? unreadable = null,
    int version = TableWrites.CurrentVersion)
    where T : class, IFenced<T>
{
    /// <summary>How often a change is tried while others are faster.</summary>
    private const int Tries = 8;

    private FrozenSet<string>? _columns;

    /// <summary>Inserts the record's row; null if there is one already.</summary>
    public async Task<T?> TryInsertAsync(T record, CancellationToken ct) =>
        await TableWrites.TryInsertAsync(table, RowOf(record), ct) is { } etag ? record.InRow(etag, null) : null;

    /// <summary>Finds a record; null if it has no row.</summary>
    /// <exception cref="NewerRowException">A newer version wrote the row.</exception>
    public async Task<T?> FindAsync(string partitionKey, string rowKey, CancellationToken ct)
    {
        var row = await table.GetEntityIfExistsAsync<TableEntity>(partitionKey, rowKey, null, ct);
        return row.HasValue ? Read(row.Value!) : null;
    }

    /// <summary>Lists records, in the order of their rows.</summary>
    /// <param name="filter">An OData filter.</param>
    /// <param name="perPage">The most rows per request; null for storage's own limit.</param>
    /// <param name="ct">Cancels the operation.</param>
    /// <exception cref="NewerRowException">A newer version wrote one of the rows.</exception>
    public IAsyncEnumerable<T> QueryAsync(string filter, int? perPage, CancellationToken ct) => QueryAsync(filter, perPage, null, ct);

    /// <inheritdoc cref="QueryAsync(string, int?, CancellationToken)"/>
    /// <param name="filter">An OData filter.</param>
    /// <param name="perPage">The most rows per request; null for storage's own limit.</param>
    /// <param name="select">The columns that are read; null for all of them. A record that lacks some must not be written.</param>
    /// <param name="ct">Cancels the operation.</param>
    public async IAsyncEnumerable<T> QueryAsync(
        string filter, int? perPage, IEnumerable<string>? select, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var row in table.QueryAsync<TableEntity>(filter, perPage, select, ct))
        {
            yield return Read(row);
        }
    }

    /// <summary>Lists records as they come from storage, request by request.</summary>
    /// <inheritdoc cref="QueryAsync(string, int?, CancellationToken)"/>
    public async IAsyncEnumerable<(IReadOnlyList<T> Records, bool IsLast)> PagesAsync(
        string filter, int? perPage, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var page in table.QueryAsync<TableEntity>(filter, perPage, cancellationToken: ct).AsPages())
        {
            yield return ([.. page.Values.Select(Read)], string.IsNullOrEmpty(page.ContinuationToken));
        }
    }

    /// <summary>
    /// Writes the record under the ETag that it was read with; null if its row has been changed or deleted since.
    /// </summary>
    /// <exception cref="UnreadableRowException">The record stands for a row that cannot be read.</exception>
    public async Task<T?> TryUpdateAsync(T record, CancellationToken ct)
    {
        var row = RowOf(record);
        ThrowIfUnreadable(record, row.RowKey);
        return await TableWrites.TryUpdateAsync(table, row, record.ETag, ct) is { } etag ? record.InRow(etag, record.Unknown) : null;
    }

    /// <summary>
    /// Reads a record, changes it and writes it under its ETag; if another was faster, reads it again at once. The
    /// change returns null to leave the record as it is, and may throw to give up. It runs again on each reading, so it
    /// must read inside it whatever it decides from.
    /// </summary>
    /// <returns>The record afterwards, changed or not; null if there is none.</returns>
    /// <exception cref="ConcurrencyException">Others were faster every time.</exception>
    /// <exception cref="UnreadableRowException">The row cannot be read, and the change would have it written.</exception>
    public Task<T?> MutateAsync(
        string partitionKey, string rowKey, Func<T, CancellationToken, ValueTask<T?>> change, CancellationToken ct) =>
        MutateKnownAsync(partitionKey, rowKey, known: null, change, ct);

    /// <inheritdoc cref="MutateAsync"/>
    /// <param name="partitionKey">The row's partition.</param>
    /// <param name="rowKey">The row's key in it.</param>
    /// <param name="known">
    /// The record as it was last read or written, which is not read again unless its ETag is refused; null to read it. Where the
    /// change leaves it as it is, what comes back is this and no newer one.
    /// </param>
    /// <param name="change">The change.</param>
    /// <param name="ct">Cancels the operation.</param>
    public async Task<T?> MutateKnownAsync(
        string partitionKey, string rowKey, T? known, Func<T, CancellationToken, ValueTask<T?>> change, CancellationToken ct)
    {
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            if ((known ?? await FindAsync(partitionKey, rowKey, ct)) is not { } before)
            {
                return null;
            }

            known = null;

            if (await change(before, ct) is not { } after)
            {
                return before;
            }

            ThrowIfUnreadable(before, rowKey);
            if (await TryUpdateAsync(after.InRow(before.ETag, before.Unknown), ct) is { } written)
            {
                return written;
            }
        }

        throw new ConcurrencyException($"The row {rowKey} of the table {table.Name}");
    }

    /// <summary>Deletes the row whatever its ETag; a row that is already gone is not an error.</summary>
    public Task DeleteAsync(string partitionKey, string rowKey, CancellationToken ct) =>
        TableWrites.DeleteAsync(table, partitionKey, rowKey, ct);

    /// <summary>A record's row as it is written: without absent columns, but with the unknown ones.</summary>
    public TableEntity RowOf(T record)
    {
        var row = toRow(record);
        foreach (var absent in row.Where(column => column.Value is null).Select(column => column.Key).ToList())
        {
            row.Remove(absent);
        }

        row.TryAdd(TableWrites.Version, version);
        foreach (var (name, value) in record.Unknown ?? FrozenDictionary<string, object>.Empty)
        {
            row.Add(name, value);
        }

        return row;
    }

    private void ThrowIfUnreadable(T record, string rowKey)
    {
        if (record.Unreadable is not null)
        {
            throw new UnreadableRowException(table.Name, rowKey);
        }
    }

    private T Read(TableEntity row)
    {
        NewerRowException.ThrowIfNewer(table, row, version);
        T record;
        try
        {
            record = fromRow(row);
        }
        catch (Exception e) when (unreadable is not null && e is not OutOfMemoryException)
        {
            return unreadable(row, e).InRow(row.ETag, null);
        }

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
