using System.Text.Json.Serialization;

namespace BatchFunctions.Cli.Api;

/// <summary>How the API's objects are read and written.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectRequiredConstructorParameters = false)]
[JsonSerializable(typeof(Batch))]
[JsonSerializable(typeof(ApiFile))]
[JsonSerializable(typeof(ApiUpload))]
[JsonSerializable(typeof(UploadRequest))]
[JsonSerializable(typeof(UploadCompletion))]
[JsonSerializable(typeof(BatchRequest))]
internal sealed partial class ApiJson : JsonSerializerContext;
