using System.Buffers;
using System.Globalization;
using System.Text.Json;
using BatchFunctions.StrictStorage.Http;

namespace BatchFunctions.StrictStorage.Tables;

/// <summary>
/// Entities in OData's JSON, with as many annotations of types as <c>odata=minimalmetadata</c> has
/// (https://learn.microsoft.com/rest/api/storageservices/payload-format-for-table-service-operations).
/// </summary>
internal static class EntityJson
{
    public const string ContentType = "application/json;odata=minimalmetadata;streaming=true;charset=utf-8";

    private const string TypeSuffix = "@odata.type";

    /// <summary>Reads the properties of an entity, its keys among them; what has no value is left out.</summary>
    /// <exception cref="StorageException">It is no entity.</exception>
    public static Dictionary<string, object> Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or OverflowException)
        {
            throw StorageException.InvalidInput($"An error occurred while processing this request: {e.Message}");
        }
    }

    /// <summary>Writes one entity, or what is selected of it.</summary>
    public static byte[] WriteOne(Entity entity, string metadata, IReadOnlyList<string>? select) => Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("odata.metadata", metadata + "/@Element");
        WriteProperties(writer, entity, select);
        writer.WriteEndObject();
    });

    /// <summary>Writes a page of entities.</summary>
    public static byte[] WritePage(IEnumerable<Entity> entities, string metadata, IReadOnlyList<string>? select) => Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("odata.metadata", metadata);
        writer.WriteStartArray("value");
        foreach (var entity in entities)
        {
            writer.WriteStartObject();
            WriteProperties(writer, entity, select);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    private static byte[] Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            write(writer);
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static Dictionary<string, object> Read(JsonElement root)
    {
        var types = new Dictionary<string, string?>(StringComparer.Ordinal);
        var values = new List<(string Name, JsonElement Value)>();
        foreach (var property in root.EnumerateObject())
        {
            // A table has few names, and each of its rows has them.
            var name = string.Intern(property.Name);
            if (name.EndsWith(TypeSuffix, StringComparison.Ordinal))
            {
                types.Add(name[..^TypeSuffix.Length], property.Value.GetString());
            }
            else if (property.Value.ValueKind != JsonValueKind.Null
                && !name.Contains("odata.", StringComparison.Ordinal)
                && name != Entity.TimestampName)
            {
                values.Add((name, property.Value));
            }
        }

        var properties = new Dictionary<string, object>(values.Count, StringComparer.Ordinal);
        foreach (var (name, value) in values)
        {
            if (!properties.TryAdd(name, Value(value, types.GetValueOrDefault(name))))
            {
                throw new StorageException(400, "DuplicatePropertiesSpecified", $"{name} is specified more than one time.");
            }
        }

        return properties;
    }

    private static object Value(JsonElement value, string? type) => type switch
    {
        "Edm.String" => value.GetString()!,
        "Edm.Int32" => value.GetInt32(),
        "Edm.Int64" => long.Parse(value.GetString()!, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture),
        "Edm.Double" => value.ValueKind == JsonValueKind.String
            ? double.Parse(value.GetString()!, CultureInfo.InvariantCulture)
            : value.GetDouble(),
        "Edm.Boolean" => value.GetBoolean(),
        "Edm.DateTime" => DateTimeOffset.Parse(value.GetString()!, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal).ToUniversalTime(),
        "Edm.Guid" => Guid.ParseExact(value.GetString()!, "D"),
        "Edm.Binary" => value.GetBytesFromBase64(),
        null => Untyped(value),
        _ => throw new StorageException(400, "InvalidValueType", $"The type {type} is invalid."),
    };

    private static object Untyped(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.True or JsonValueKind.False => value.GetBoolean(),
        JsonValueKind.Number when value.GetRawText().AsSpan().IndexOfAny(".eE") >= 0 => value.GetDouble(),
        JsonValueKind.Number => value.GetInt32(),
        _ => throw new StorageException(400, "InvalidValueType", "The value specified is invalid."),
    };

    private static void WriteProperties(Utf8JsonWriter writer, Entity entity, IReadOnlyList<string>? select)
    {
        writer.WriteString("odata.etag", entity.ETag);
        var names = select ?? [Entity.PartitionKey, Entity.RowKey, Entity.TimestampName, .. entity.Properties.Keys];
        foreach (var name in names)
        {
            Write(writer, name, entity.ValueOf(name));
        }
    }

    private static void Write(Utf8JsonWriter writer, string name, object? value)
    {
        if (name != Entity.TimestampName && TypeToSay(value) is { } type)
        {
            writer.WriteString(name + TypeSuffix, type);
        }

        writer.WritePropertyName(name);
        switch (value)
        {
            case null: writer.WriteNullValue(); break;
            case bool flag: writer.WriteBooleanValue(flag); break;
            case int number: writer.WriteNumberValue(number); break;
            case double number when double.IsFinite(number): writer.WriteRawValue(TextOf(number)); break;
            case double number: writer.WriteStringValue(number.ToString(CultureInfo.InvariantCulture)); break;
            case byte[] bytes: writer.WriteBase64StringValue(bytes); break;
            case DateTimeOffset time: writer.WriteStringValue(Entity.TimeOf(time)); break;
            default: writer.WriteStringValue(Convert.ToString(value, CultureInfo.InvariantCulture)); break;
        }
    }

    /// <summary>The type where JSON's own does not tell it.</summary>
    private static string? TypeToSay(object? value) => value switch
    {
        long => "Edm.Int64",
        DateTimeOffset => "Edm.DateTime",
        Guid => "Edm.Guid",
        byte[] => "Edm.Binary",
        double number when !double.IsFinite(number) => "Edm.Double",
        _ => null,
    };

    private static string TextOf(double number)
    {
        var text = number.ToString("R", CultureInfo.InvariantCulture);
        return text.AsSpan().IndexOfAny(".E") < 0 ? text + ".0" : text;
    }
}
