using Azure.Data.Tables;

namespace BatchFunctions.Storage;

/// <summary>
/// A row was written by a newer version of the service than this one. Nothing may be done about it here: the request or the
/// message comes again, to a process that knows.
/// </summary>
internal sealed class NewerRowException(string table, string rowKey, int version) : Exception(
    $"The row {rowKey} of the table {table} has version {version}; this process knows {TableWrites.CurrentVersion}. Two versions of the service run on one storage: let the newer one replace the older one everywhere.")
{
    /// <summary>Refuses a row that this version does not know how to read.</summary>
    /// <exception cref="NewerRowException">It is a newer version's.</exception>
    public static void ThrowIfNewer(TableClient table, TableEntity row)
    {
        if (IsNewer(row))
        {
            throw new NewerRowException(table.Name, row.RowKey, row.GetInt32(TableWrites.Version)!.Value);
        }
    }

    /// <summary>Whether a row is a newer version's.</summary>
    public static bool IsNewer(TableEntity row) => row.GetInt32(TableWrites.Version) > TableWrites.CurrentVersion;
}
