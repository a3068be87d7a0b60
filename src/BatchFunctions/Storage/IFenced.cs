using Azure;

namespace BatchFunctions.Storage;

/// <summary>A record that is stored in a row, with the row's ETag and unknown columns.</summary>
/// <typeparam name="T">The record's own type.</typeparam>
internal interface IFenced<out T>
{
    /// <summary>The row's ETag when it was last read or written.</summary>
    ETag ETag { get; }

    /// <summary>Columns of the row that this version does not know and must keep; null if there are none.</summary>
    IReadOnlyDictionary<string, object>? Unknown { get; }

    /// <summary>Why the row cannot be read, if it cannot: then the record stands for it, and is not written.</summary>
    string? Unreadable => null;

    /// <summary>The record with the ETag and the unknown columns of its row.</summary>
    T InRow(ETag etag, IReadOnlyDictionary<string, object>? unknown);
}
