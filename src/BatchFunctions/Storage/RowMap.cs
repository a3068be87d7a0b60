using System.Collections.Frozen;
using Azure.Data.Tables;

namespace BatchFunctions.Storage;

/// <summary>A record to its row and back.</summary>
/// <typeparam name="T">The record.</typeparam>
/// <param name="Columns">Every column that <paramref name="ToRow"/> may write: any other is a newer version's.</param>
/// <param name="ToRow">The row of a record, with its keys. A column that is absent has no value.</param>
/// <param name="FromRow">The record of a row.</param>
internal sealed record RowMap<T>(
    FrozenSet<string> Columns, Func<T, TableEntity> ToRow, Func<TableEntity, T> FromRow);
