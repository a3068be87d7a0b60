using System.Text.Json;
using Azure.Data.Tables;
using BatchFunctions.Storage;

namespace BatchFunctions.Batches;

/// <summary>What a list may be asked for of a batch that has ended, which does not change any more.</summary>
/// <param name="RowKey">The key of its row.</param>
/// <param name="Status">Its status, as it goes over the wire.</param>
/// <param name="Endpoint">Its endpoint.</param>
/// <param name="Model">The model that all of its lines share; null if there is none.</param>
/// <param name="Metadata">Its metadata; empty if it has none, or they cannot be read.</param>
internal sealed record EndedBatch(string RowKey, string Status, string Endpoint, string? Model, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>The columns that are read.</summary>
    public static IReadOnlyList<string> Columns { get; } =
        ["PartitionKey", "RowKey", "Status", "Endpoint", "Model", "Metadata", "Deleted", TableWrites.Version];

    private static readonly Dictionary<string, string> None = [];

    /// <summary>A batch's row; null if the batch has not ended as far as can be told, or a newer version wrote it.</summary>
    public static EndedBatch? Of(TableEntity row) =>
        !NewerRowException.IsNewer(row)
        && TextOf(row, "Status") is { } status && BatchStatusNames.All.Contains(status, StringComparer.Ordinal) && BatchStatusNames.Parse(status).HasEnded()
        && TextOf(row, "Endpoint") is { } endpoint
            ? new EndedBatch(row.RowKey, status, endpoint, TextOf(row, "Model"), MetadataOf(row))
            : null;

    /// <summary>What a batch that has ended may be asked for.</summary>
    public static EndedBatch Of(Batch batch) => new(
        BatchRow.KeysOf(batch.Key).RowKey, batch.Status.Wire(), batch.Endpoint, batch.Model, batch.Metadata ?? None);

    /// <summary>Whether a batch's row is a tombstone.</summary>
    public static bool IsTombstone(TableEntity row) => row.TryGetValue("Deleted", out var deleted) && deleted is true;

    private static string? TextOf(TableEntity row, string column) => row.TryGetValue(column, out var value) ? value as string : null;

    private static IReadOnlyDictionary<string, string> MetadataOf(TableEntity row)
    {
        try
        {
            return row.TryGetValue("Metadata", out var value) && value is byte[] metadata
                ? JsonSerializer.Deserialize(metadata, BatchRowJson.Default.IReadOnlyDictionaryStringString) ?? None
                : None;
        }
        catch (JsonException)
        {
            // Its row cannot be read: no list shows metadata of it.
            return None;
        }
    }
}
