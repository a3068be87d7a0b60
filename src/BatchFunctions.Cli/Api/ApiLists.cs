using System.Text.Json;

namespace BatchFunctions.Cli.Api;

/// <summary>Reads the API's lists.</summary>
internal static class ApiLists
{
    /// <summary>The objects of a list.</summary>
    /// <exception cref="JsonException">The JSON is no list.</exception>
    public static IReadOnlyList<T> Read<T>(JsonElement json, Func<JsonElement, T> read) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Array
            ? [.. data.EnumerateArray().Select(read)]
            : throw new JsonException("No list.");
}
