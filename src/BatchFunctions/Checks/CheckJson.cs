using System.Text.Json.Serialization;
using BatchFunctions.Http;

namespace BatchFunctions.Checks;

/// <summary>Serializes what was found of files.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(FileCheckObject))]
internal sealed partial class CheckJson : JsonSerializerContext
{
    static CheckJson() => Default = new CheckJson(ApiJson.NewOptions());
}
