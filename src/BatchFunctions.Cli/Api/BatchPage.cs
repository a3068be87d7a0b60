using System.Text.Json;

namespace BatchFunctions.Cli.Api;

/// <summary>A page of batches.</summary>
/// <param name="Batches">The batches, newest first.</param>
/// <param name="HasMore">Whether the service says that there are more; null if it does not say.</param>
internal sealed record BatchPage(IReadOnlyList<Batch> Batches, bool? HasMore)
{
    /// <summary>Reads a page.</summary>
    /// <exception cref="JsonException">The JSON is not a list.</exception>
    public static BatchPage Read(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Array)
        {
            throw new JsonException("No list.");
        }

        bool? hasMore = json.TryGetProperty("has_more", out var said) && said.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? said.GetBoolean()
            : null;
        return new BatchPage([.. data.EnumerateArray().Select(Batch.Read)], hasMore);
    }
}
