using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace BatchFunctions.Batches;

/// <summary>
/// JSON inside a row's binary properties. Kept as UTF-8 bytes with the fewest escapes: a property holds 64 KiB, and the
/// largest metadata (16 pairs of 64 and 512 characters) must fit whatever its letters.
/// </summary>
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
[JsonSerializable(typeof(IReadOnlyList<BatchError>))]
internal sealed partial class BatchRowJson : JsonSerializerContext
{
    static BatchRowJson() => Default = new BatchRowJson(new JsonSerializerOptions
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
