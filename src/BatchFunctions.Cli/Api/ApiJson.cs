using System.Text.Json.Serialization;

namespace BatchFunctions.Cli.Api;

/// <summary>Serializes the API's objects.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectRequiredConstructorParameters = false)]
[JsonSerializable(typeof(Batch))]
[JsonSerializable(typeof(BatchFailures))]
[JsonSerializable(typeof(BatchProgress))]
[JsonSerializable(typeof(ApiFile))]
[JsonSerializable(typeof(ApiUpload))]
[JsonSerializable(typeof(UploadRequest))]
[JsonSerializable(typeof(UploadCompletion))]
[JsonSerializable(typeof(BatchRequest))]
[JsonSerializable(typeof(RetryRequest))]
[JsonSerializable(typeof(ProjectLimits))]
[JsonSerializable(typeof(IReadOnlyList<UsageBucket>))]
[JsonSerializable(typeof(Webhook))]
[JsonSerializable(typeof(WebhookDelivery))]
[JsonSerializable(typeof(WebhookRequest))]
[JsonSerializable(typeof(WebhookTest))]
internal sealed partial class ApiJson : JsonSerializerContext;
