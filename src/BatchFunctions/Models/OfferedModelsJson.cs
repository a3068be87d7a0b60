using System.Text.Json;
using BatchFunctions.Lines;

namespace BatchFunctions.Models;

/// <summary>Reads an upstream's list of models, in OpenAI's form or as a bare array; what cannot be read of it is passed over.</summary>
internal static class OfferedModelsJson
{
    /// <summary>Models of a list, at most.</summary>
    private const int Most = 10_000;

    /// <exception cref="JsonException">It is no JSON.</exception>
    /// <exception cref="InvalidDataException">It is no list.</exception>
    public static IReadOnlyList<OfferedModel> Read(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        var data = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("data"u8, out var inner) ? inner : root;
        return data.ValueKind == JsonValueKind.Array
            ? [.. data.EnumerateArray().Select(Model).OfType<OfferedModel>().Take(Most)]
            : throw new InvalidDataException("it is no list");
    }

    private static OfferedModel? Model(JsonElement model) =>
        TextOf(model, "id") is { Length: > 0 and <= LineChecker.MaxModelCharacters } id
            ? new OfferedModel(id, CreatedOf(model), TextOf(model, "owned_by"))
            : null;

    private static string? TextOf(JsonElement model, string name)
    {
        try
        {
            return Find(model, name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // An unpaired surrogate, which UTF-8 cannot encode.
            return null;
        }
    }

    private static long CreatedOf(JsonElement model) =>
        Find(model, "created") is { ValueKind: JsonValueKind.Number } created && created.TryGetInt64(out var seconds) ? seconds : 0;

    private static JsonElement? Find(JsonElement model, string name)
    {
        try
        {
            return model.ValueKind == JsonValueKind.Object && model.TryGetProperty(name, out var value) ? value : null;
        }
        catch (InvalidOperationException)
        {
            // Another property's name has one.
            return null;
        }
    }
}
