using System.Text.Json.Serialization;

namespace BatchFunctions.Fleet;

[JsonSerializable(typeof(ShareLedger))]
internal sealed partial class ShareJson : JsonSerializerContext;
