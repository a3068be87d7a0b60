using System.Text.Json.Serialization;
using BatchFunctions.Http;

namespace BatchFunctions.Failures;

/// <summary>Serializes the failures of batches.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(BatchErrorsObject))]
internal sealed partial class FailureJson : JsonSerializerContext
{
    static FailureJson() => Default = new FailureJson(ApiJson.NewOptions());
}
