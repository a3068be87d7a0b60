using System.Text.Json.Serialization;
using BatchFunctions.Http;

namespace BatchFunctions.Models;

/// <summary>Serializes models, as the API answers.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(ModelObject))]
[JsonSerializable(typeof(ModelListObject))]
internal sealed partial class ModelJson : JsonSerializerContext
{
    static ModelJson() => Default = new ModelJson(ApiJson.NewOptions());
}
