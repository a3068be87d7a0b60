using Azure;

namespace BatchFunctions.Storage;

/// <summary>A record that a row keeps: what its fence is, and what else stands in the row.</summary>
/// <typeparam name="T">The record itself.</typeparam>
internal interface IFenced<out T>
{
    /// <summary>The row's ETag when it was read or written.</summary>
    ETag ETag { get; }

    /// <summary>Columns of the row that this version does not know, to be kept; null where there are none.</summary>
    IReadOnlyDictionary<string, object>? Unknown { get; }

    /// <summary>The record as its row was read or written.</summary>
    T InRow(ETag etag, IReadOnlyDictionary<string, object>? unknown);
}
