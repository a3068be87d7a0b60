using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace BatchFunctions.Batches;

/// <summary>
/// The JSON in a row's binary properties: UTF-8 bytes with few escapes, since a property holds 64 KiB. What could exceed
/// that is written by <see cref="MetadataJson"/> and <see cref="BatchErrorsJson"/>.
/// </summary>
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
[JsonSerializable(typeof(IReadOnlyList<BatchError>))]
[JsonSerializable(typeof(BatchError))]
internal sealed partial class BatchRowJson : JsonSerializerContext
{
    static BatchRowJson() => Default = new BatchRowJson(new JsonSerializerOptions
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
