using System.Text.Json.Nodes;

namespace BatchFunctions.OpenApi;

/// <summary>Builds the few shapes of schema that the API uses.</summary>
internal static class OpenApiSchema
{
    public static JsonObject String(string? description = null, string? example = null) =>
        Describe(new JsonObject { ["type"] = "string" }, description, example);

    public static JsonObject Integer(string? description = null, long? min = null, long? max = null)
    {
        var schema = Describe(new JsonObject { ["type"] = "integer" }, description, null);
        if (min is not null)
        {
            schema["minimum"] = min;
        }

        if (max is not null)
        {
            schema["maximum"] = max;
        }

        return schema;
    }

    public static JsonObject Enum(IEnumerable<string> values, string? description = null) => Describe(
        new JsonObject { ["type"] = "string", ["enum"] = new JsonArray([.. values.Select(value => JsonValue.Create(value))]) },
        description,
        null);

    public static JsonObject Array(JsonObject items) => new() { ["type"] = "array", ["items"] = items };

    public static JsonObject Ref(string name) => new() { ["$ref"] = $"#/components/schemas/{name}" };

    /// <summary>The schema or null: this API writes absent values as explicit nulls.</summary>
    public static JsonObject Nullable(JsonObject schema)
    {
        if (schema["type"] is JsonValue type)
        {
            schema["type"] = new JsonArray(type.DeepClone(), "null");
            return schema;
        }

        return new JsonObject { ["anyOf"] = new JsonArray(schema, new JsonObject { ["type"] = "null" }) };
    }

    public static JsonObject StringMap(string description) => Describe(
        new JsonObject { ["type"] = "object", ["additionalProperties"] = new JsonObject { ["type"] = "string" } },
        description,
        null);

    /// <summary>
    /// The schema of a request's object: only the named properties are required, and no others are accepted.
    /// </summary>
    public static JsonObject Request(string[] required, params (string Name, JsonObject Schema)[] properties) => new()
    {
        ["type"] = "object",
        ["required"] = new JsonArray([.. required.Select(name => JsonValue.Create(name))]),
        ["properties"] = new JsonObject(
            properties.Select(property => KeyValuePair.Create(property.Name, (JsonNode?)property.Schema))),
        ["additionalProperties"] = false,
    };

    private static JsonObject Describe(JsonObject schema, string? description, string? example)
    {
        if (description is not null)
        {
            schema["description"] = description;
        }

        if (example is not null)
        {
            schema["examples"] = new JsonArray(example);
        }

        return schema;
    }
}
