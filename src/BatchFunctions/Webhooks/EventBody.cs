using System.Text.Json;

namespace BatchFunctions.Webhooks;

/// <summary>An event as OpenAI sends it. It names the batch, and holds nothing of it: what became of it is asked for with a key.</summary>
internal static class EventBody
{
    /// <summary>The event's bytes, the same at each attempt.</summary>
    public static byte[] Of(Delivery delivery)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("id", delivery.EventId);
            json.WriteString("object", "event");
            json.WriteNumber("created_at", delivery.EventAt.ToUnixTimeSeconds());
            json.WriteString("type", delivery.Type);
            json.WriteStartObject("data");
            json.WriteString("id", delivery.BatchId);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }
}
