using System.Text.Json.Serialization;
using BatchFunctions.Http;

namespace BatchFunctions.Webhooks;

/// <summary>Serializes the objects about webhooks that the API returns.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(WebhookObject))]
[JsonSerializable(typeof(DeletedWebhookObject))]
[JsonSerializable(typeof(DeliveryObject))]
[JsonSerializable(typeof(ListObject<WebhookObject>), TypeInfoPropertyName = "WebhookList")]
[JsonSerializable(typeof(ListObject<DeliveryObject>), TypeInfoPropertyName = "DeliveryList")]
internal sealed partial class WebhookJson : JsonSerializerContext
{
    static WebhookJson() => Default = new WebhookJson(ApiJson.NewOptions());
}
