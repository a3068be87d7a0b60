using System.Text.Json;
using System.Text.Json.Nodes;

namespace BatchFunctions.SelfHost.Echo;

/// <summary>Extracts the text of a request, which is echoed and counted.</summary>
internal static class EchoText
{
    private const int CharactersPerToken = 4;

    /// <summary>The text of the last user message, or of the last message if there is none from a user.</summary>
    public static string LastUserMessage(JsonArray messages)
    {
        var last = messages.OfType<JsonObject>().LastOrDefault(IsFromUser)
            ?? messages.OfType<JsonObject>().LastOrDefault();
        return Of(last?["content"]);
    }

    /// <summary>
    /// The text of a message's content or of an input: a string, or parts with a <c>text</c>, joined by line breaks.
    /// Content without text (an image, a token array) counts as empty.
    /// </summary>
    public static string Of(JsonNode? content) => content switch
    {
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
        JsonArray parts => string.Join('\n', parts.Select(Of).Where(text => text.Length > 0)),
        JsonObject part => Of(part["text"] ?? part["content"]),
        _ => "",
    };

    /// <summary>
    /// A plausible number of tokens, always the same for the same text: one for every four characters.
    /// </summary>
    public static int Tokens(string text) => (text.Length + CharactersPerToken - 1) / CharactersPerToken;

    private static bool IsFromUser(JsonObject message) => Of(message["role"]) == "user";
}
