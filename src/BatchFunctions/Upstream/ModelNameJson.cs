using System.Text.Json.Serialization;

namespace BatchFunctions.Upstream;

/// <summary>Writes a model's name as it stands in a request.</summary>
[JsonSerializable(typeof(string))]
internal sealed partial class ModelNameJson : JsonSerializerContext;
