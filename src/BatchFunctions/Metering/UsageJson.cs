using System.Text.Json.Serialization;
using BatchFunctions.Http;

namespace BatchFunctions.Metering;

/// <summary>Serializes what a project has used, as the API answers.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(UsagePageObject))]
internal sealed partial class UsageJson : JsonSerializerContext
{
    static UsageJson() => Default = new UsageJson(ApiJson.NewOptions());
}
