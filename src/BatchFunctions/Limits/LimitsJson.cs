using System.Text.Json.Serialization;
using BatchFunctions.Http;

namespace BatchFunctions.Limits;

/// <summary>Serializes what a project may have, as the API answers.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(LimitsObject))]
internal sealed partial class LimitsJson : JsonSerializerContext
{
    static LimitsJson() => Default = new LimitsJson(ApiJson.NewOptions());
}
