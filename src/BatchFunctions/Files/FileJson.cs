using System.Text.Json.Serialization;
using BatchFunctions.Http;

namespace BatchFunctions.Files;

/// <summary>Serializes the file objects that the API returns.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(FileObject))]
[JsonSerializable(typeof(ListObject<FileObject>), TypeInfoPropertyName = "FileList")]
[JsonSerializable(typeof(DeletedFileObject))]
internal sealed partial class FileJson : JsonSerializerContext
{
    static FileJson() => Default = new FileJson(ApiJson.NewOptions());
}
