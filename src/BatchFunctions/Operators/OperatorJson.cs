using System.Text.Json.Serialization;
using BatchFunctions.Http;

namespace BatchFunctions.Operators;

/// <summary>Serializes what operators see, as the API answers.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(OverviewObject))]
internal sealed partial class OperatorJson : JsonSerializerContext
{
    static OperatorJson() => Default = new OperatorJson(ApiJson.NewOptions());
}
