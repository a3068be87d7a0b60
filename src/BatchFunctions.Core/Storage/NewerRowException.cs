using Azure.Data.Tables;

namespace BatchFunctions.Storage;

/// <summary>
/// A row was written by a newer version of the service. This process must not act on it: the request or message will be
/// retried, and reach a process of that version.
/// </summary>
internal sealed class NewerRowException(string table, string rowKey, int version, int known) : Exception(
    $"The row {rowKey} of the table {table} has version {version}; this process knows {known}. Two versions of the service run on one storage: let the newer one replace the older one everywhere.")
{
    /// <summary>Refuses a row that this version cannot read.</summary>
    /// <param name="table">Its table.</param>
    /// <param name="row">The row.</param>
    /// <param name="known">The version of the table's rows that this process writes.</param>
    /// <exception cref="NewerRowException">A newer version wrote the row.</exception>
    public static void ThrowIfNewer(TableClient table, TableEntity row, int known = TableWrites.CurrentVersion)
    {
        if (IsNewer(row, known))
        {
            throw new NewerRowException(table.Name, row.RowKey, row.GetInt32(TableWrites.Version)!.Value, known);
        }
    }

    /// <summary>Whether a newer version wrote the row.</summary>
    public static bool IsNewer(TableEntity row, int known = TableWrites.CurrentVersion) => row.GetInt32(TableWrites.Version) > known;
}
