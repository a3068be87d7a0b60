using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.Http;

/// <summary>Writes JSON responses, and serializes the objects that belong to no room of their own.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(ErrorObject))]
[JsonSerializable(typeof(HealthObject))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    static ApiJson() => Default = new ApiJson(NewOptions());

    /// <summary>
    /// The serializer's options for all responses: properties in the order of their declaration, absent values as
    /// explicit nulls. Responses are never part of a web page, so only what JSON requires is escaped.
    /// </summary>
    public static JsonSerializerOptions NewOptions() => new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    public static IResult Ok<T>(T value, JsonTypeInfo<T> type) => Results.Json(value, type, "application/json");

    /// <summary>The error in its envelope.</summary>
    public static IResult Of(ApiError error) =>
        Results.Json(new ErrorObject(error), Default.ErrorObject, "application/json", error.Status);
}
