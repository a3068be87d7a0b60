using System.Text.Json.Serialization;
using BatchFunctions.Http;

namespace BatchFunctions.Batches;

/// <summary>Serializes the batch objects that the API returns.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(BatchObject))]
[JsonSerializable(typeof(BatchProgressObject))]
[JsonSerializable(typeof(DeletedBatchObject))]
[JsonSerializable(typeof(ListObject<BatchObject>), TypeInfoPropertyName = "BatchList")]
internal sealed partial class BatchJson : JsonSerializerContext
{
    static BatchJson() => Default = new BatchJson(ApiJson.NewOptions());
}
