using System.Text.Json.Serialization;

namespace BatchFunctions.Cli.Api;

/// <summary>How the API's objects are read and written.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Batch))]
internal sealed partial class ApiJson : JsonSerializerContext;
