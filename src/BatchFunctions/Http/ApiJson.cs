using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace BatchFunctions.Http;

/// <summary>Answers in JSON: what every answer is written with, and the objects that belong to no one kind of object.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(ErrorObject))]
[JsonSerializable(typeof(HealthObject))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    static ApiJson() => Default = new ApiJson(NewOptions());

    /// <summary>
    /// How answers are written: properties in the order of their declaration, absent values as explicit nulls. Answers are
    /// no part of a page, so nothing is escaped but what JSON asks for.
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
