namespace BatchFunctions.Storage;

/// <summary>A row that cannot be read was to be written: what it says would be gone, and it could not be mended any more.</summary>
internal sealed class UnreadableRowException(string table, string rowKey)
    : Exception($"The row {rowKey} of the table {table} cannot be read, so it is not written.");
