using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.Http;

/// <summary>
/// The JSON object in a request's body, read property by property so that each error names what is wrong: unknown,
/// missing, given twice, or of the wrong type.
/// </summary>
internal sealed class ApiBody
{
    /// <summary>The largest body that is read, in bytes; the objects of this API are far smaller.</summary>
    public const int MaxBytes = 256 * 1024;

    private readonly Dictionary<string, JsonElement> _properties;
    private readonly string _prefix;

    private ApiBody(Dictionary<string, JsonElement> properties, string prefix)
    {
        _properties = properties;
        _prefix = prefix;
    }

    /// <summary>Reads the body; properties other than those in <paramref name="known"/> are refused.</summary>
    public static Task<ApiBody> ReadAsync(HttpRequest request, IReadOnlyCollection<string> known, CancellationToken ct) =>
        ReadAsync(request, known, isOptional: false, ct);

    /// <summary>Reads the body of a request that need not have one: none is an object without properties.</summary>
    public static Task<ApiBody> ReadOptionalAsync(HttpRequest request, IReadOnlyCollection<string> known, CancellationToken ct) =>
        ReadAsync(request, known, isOptional: true, ct);

    private static async Task<ApiBody> ReadAsync(
        HttpRequest request, IReadOnlyCollection<string> known, bool isOptional, CancellationToken ct)
    {
        if (request.ContentType is { Length: > 0 } && !request.HasJsonContentType())
        {
            throw new ApiException(ApiError.WrongContentType("application/json"));
        }

        if (request.ContentLength > MaxBytes)
        {
            throw new ApiException(ApiError.TooLarge(MaxBytes));
        }

        // One byte more than allowed, to tell a body that is too large from one that just fits.
        var buffer = new byte[(request.ContentLength ?? MaxBytes) + 1];
        var length = await request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, ct);
        if (length > MaxBytes)
        {
            throw new ApiException(ApiError.TooLarge(MaxBytes));
        }

        if (length == 0 && isOptional)
        {
            return new ApiBody([], "");
        }

        try
        {
            using var document = JsonDocument.Parse(WithoutMark(buffer.AsMemory(0, length)));
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? Of(document.RootElement.Clone(), "", known)
                : throw new ApiException(ApiError.BodyNotObject);
        }
        catch (JsonException)
        {
            throw new ApiException(ApiError.BodyNotJson);
        }
    }

    public string RequiredString(string name) => OptionalString(name) ?? throw new ApiException(ApiError.Missing(Path(name)));

    /// <summary>The string; null if it is absent or null.</summary>
    public string? OptionalString(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => TextOf(value, Path(name)),
        { } value => throw new ApiException(ApiError.WrongType(Path(name), "a string", NameOf(value))),
    };

    /// <summary>The whole number, within its bounds; throws if it is absent.</summary>
    public long RequiredInteger(string name, long min, long max)
    {
        if (Find(name) is not { } value)
        {
            throw new ApiException(ApiError.Missing(Path(name)));
        }

        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt64(out var number))
        {
            throw new ApiException(ApiError.WrongType(Path(name), "an integer", NameOf(value)));
        }

        var given = number.ToString(CultureInfo.InvariantCulture);
        return number < min ? throw new ApiException(ApiError.BelowMin(Path(name), given, min))
            : number > max ? throw new ApiException(ApiError.AboveMax(Path(name), given, max))
            : number;
    }

    /// <summary>The object with the given properties; null if it is absent or null.</summary>
    public ApiBody? OptionalObject(string name, IReadOnlyCollection<string> known) =>
        OptionalElement(name, JsonValueKind.Object, "an object") is { } value ? Of(value, Path(name) + ".", known) : null;

    /// <summary>The strings of an array; throws if it is absent.</summary>
    public IReadOnlyList<string> RequiredStrings(string name) =>
        OptionalStrings(name) ?? throw new ApiException(ApiError.Missing(Path(name)));

    /// <summary>The strings of an array; null if it is absent or null.</summary>
    public IReadOnlyList<string>? OptionalStrings(string name)
    {
        if (OptionalElement(name, JsonValueKind.Array, "an array") is not { } list)
        {
            return null;
        }

        return
        [
            .. list.EnumerateArray().Select((item, index) => item.ValueKind == JsonValueKind.String
                ? TextOf(item, $"{Path(name)}[{index}]")
                : throw new ApiException(ApiError.WrongType($"{Path(name)}[{index}]", "a string", NameOf(item)))),
        ];
    }

    /// <summary>An object that maps arbitrary names to strings; null if it is absent or null.</summary>
    public IReadOnlyDictionary<string, string>? OptionalStringMap(string name)
    {
        if (OptionalElement(name, JsonValueKind.Object, "an object") is not { } value)
        {
            return null;
        }

        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var property in value.EnumerateObject())
        {
            var key = NameOf(property);
            var path = $"{Path(name)}.{ApiError.Shown(key)}";
            if (property.Value.ValueKind != JsonValueKind.String)
            {
                throw new ApiException(ApiError.WrongType(path, "a string", NameOf(property.Value)));
            }

            if (!map.TryAdd(key, TextOf(property.Value, path)))
            {
                throw new ApiException(ApiError.Duplicate(path));
            }
        }

        return map;
    }

    // A byte order mark is not part of JSON, but some clients write one, and RFC 8259, 8.1 lets a reader ignore it.
    private static ReadOnlyMemory<byte> WithoutMark(ReadOnlyMemory<byte> json) =>
        json.Span.StartsWith("\uFEFF"u8) ? json[3..] : json;

    private static ApiBody Of(JsonElement value, string prefix, IReadOnlyCollection<string> known)
    {
        var properties = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var property in value.EnumerateObject())
        {
            var name = NameOf(property);
            var path = prefix + ApiError.Shown(name);
            if (!known.Contains(name))
            {
                throw new ApiException(ApiError.Unknown(path));
            }

            if (!properties.TryAdd(name, property.Value))
            {
                throw new ApiException(ApiError.Duplicate(path));
            }
        }

        return new ApiBody(properties, prefix);
    }

    private JsonElement? Find(string name) =>
        _properties.TryGetValue(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private JsonElement? OptionalElement(string name, JsonValueKind kind, string expected) => Find(name) switch
    {
        null => null,
        { } value when value.ValueKind == kind => value,
        { } value => throw new ApiException(ApiError.WrongType(Path(name), expected, NameOf(value))),
    };

    private string Path(string name) => _prefix + name;

    private static string TextOf(JsonElement value, string path)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // An unpaired surrogate, which UTF-8 cannot encode.
            throw new ApiException(ApiError.NotUnicode(path));
        }
    }

    private static string NameOf(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            throw new ApiException(ApiError.BodyNotJson);
        }
    }

    private static string NameOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        JsonValueKind.Null => "null",
        _ => value.TryGetInt64(out _) ? "an integer" : "a number",
    };
}
