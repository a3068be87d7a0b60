using System.Text.Json.Serialization;
using BatchFunctions.Http;

namespace BatchFunctions.Batches;

/// <summary>The JSON of batches.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(BatchObject))]
[JsonSerializable(typeof(ListObject<BatchObject>), TypeInfoPropertyName = "BatchList")]
internal sealed partial class BatchJson : JsonSerializerContext
{
    static BatchJson() => Default = new BatchJson(ApiJson.NewOptions());
}
