using System.Text.Json.Serialization;
using BatchFunctions.Http;

namespace BatchFunctions.Uploads;

/// <summary>Serializes the upload objects that the API returns.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(UploadObject))]
[JsonSerializable(typeof(UploadPartObject))]
internal sealed partial class UploadJson : JsonSerializerContext
{
    static UploadJson() => Default = new UploadJson(ApiJson.NewOptions());
}
