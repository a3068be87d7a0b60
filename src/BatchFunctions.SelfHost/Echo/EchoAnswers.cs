using System.IO.Hashing;
using System.Text;
using System.Text.Json.Nodes;

namespace BatchFunctions.SelfHost.Echo;

/// <summary>
/// The echo's answers, in the shapes of OpenAI's API reference. Apart from the time, they depend only on the request,
/// so that a demonstration gives the same results each time.
/// </summary>
internal static class EchoAnswers
{
    private const int DefaultDimensions = 8;
    private const int MaxDimensions = 4096;

    /// <summary><c>/v1/chat/completions</c>.</summary>
    public static JsonObject ChatCompletion(JsonObject request)
    {
        var messages = request["messages"] as JsonArray ?? throw new EchoRefusalException("messages");
        var said = EchoText.LastUserMessage(messages);
        return new JsonObject
        {
            ["id"] = Id("chatcmpl-", request),
            ["object"] = "chat.completion",
            ["created"] = Now(),
            ["model"] = ModelOf(request),
            ["choices"] = new JsonArray(new JsonObject
            {
                ["index"] = 0,
                ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = said, ["refusal"] = null },
                ["logprobs"] = null,
                ["finish_reason"] = "stop",
            }),
            ["usage"] = CompletionUsage(EchoText.Of(messages), said),
        };
    }

    /// <summary><c>/v1/completions</c>.</summary>
    public static JsonObject Completion(JsonObject request)
    {
        var said = EchoText.Of(request["prompt"] ?? throw new EchoRefusalException("prompt"));
        return new JsonObject
        {
            ["id"] = Id("cmpl-", request),
            ["object"] = "text_completion",
            ["created"] = Now(),
            ["model"] = ModelOf(request),
            ["choices"] = new JsonArray(new JsonObject
            {
                ["text"] = said,
                ["index"] = 0,
                ["logprobs"] = null,
                ["finish_reason"] = "stop",
            }),
            ["usage"] = CompletionUsage(said, said),
        };
    }

    /// <summary><c>/v1/responses</c>.</summary>
    public static JsonObject Response(JsonObject request)
    {
        var input = request["input"] ?? throw new EchoRefusalException("input");
        var said = input is JsonArray items ? EchoText.LastUserMessage(items) : EchoText.Of(input);
        var read = EchoText.Tokens(EchoText.Of(input));
        var written = EchoText.Tokens(said);
        return new JsonObject
        {
            ["id"] = Id("resp_", request),
            ["object"] = "response",
            ["created_at"] = Now(),
            ["status"] = "completed",
            ["error"] = null,
            ["model"] = ModelOf(request),
            ["output"] = new JsonArray(new JsonObject
            {
                ["id"] = Id("msg_", request),
                ["type"] = "message",
                ["status"] = "completed",
                ["role"] = "assistant",
                ["content"] = new JsonArray(new JsonObject
                {
                    ["type"] = "output_text",
                    ["text"] = said,
                    ["annotations"] = new JsonArray(),
                }),
            }),
            ["usage"] = new JsonObject
            {
                ["input_tokens"] = read,
                ["input_tokens_details"] = new JsonObject { ["cached_tokens"] = 0 },
                ["output_tokens"] = written,
                ["output_tokens_details"] = new JsonObject { ["reasoning_tokens"] = 0 },
                ["total_tokens"] = read + written,
            },
        };
    }

    /// <summary><c>/v1/embeddings</c>: a vector for each input, the same for the same text.</summary>
    public static JsonObject Embeddings(JsonObject request)
    {
        var texts = Inputs(request);
        var dimensions = request["dimensions"] is JsonValue value && value.TryGetValue(out int asked)
            ? Math.Clamp(asked, 1, MaxDimensions)
            : DefaultDimensions;
        var tokens = texts.Sum(EchoText.Tokens);
        return new JsonObject
        {
            ["object"] = "list",
            ["data"] = new JsonArray([.. texts.Select((text, index) => new JsonObject
            {
                ["object"] = "embedding",
                ["index"] = index,
                ["embedding"] = Vector(text, dimensions),
            })]),
            ["model"] = ModelOf(request),
            ["usage"] = new JsonObject { ["prompt_tokens"] = tokens, ["total_tokens"] = tokens },
        };
    }

    /// <summary><c>/v1/moderations</c>: nothing is ever flagged.</summary>
    public static JsonObject Moderation(JsonObject request) => new()
    {
        ["id"] = Id("modr-", request),
        ["model"] = request["model"] is null ? "echo" : ModelOf(request),
        ["results"] = new JsonArray([.. Inputs(request).Select(_ => new JsonObject
        {
            ["flagged"] = false,
            ["categories"] = new JsonObject { ["harassment"] = false, ["hate"] = false, ["violence"] = false },
            ["category_scores"] = new JsonObject { ["harassment"] = 0.0, ["hate"] = 0.0, ["violence"] = 0.0 },
        })]),
    };

    /// <summary>The list of models: one, though any is answered.</summary>
    public static JsonObject Models() => new()
    {
        ["object"] = "list",
        ["data"] = new JsonArray(new JsonObject { ["id"] = "echo", ["object"] = "model", ["created"] = 0, ["owned_by"] = "echo" }),
    };

    /// <summary>An error in OpenAI's envelope.</summary>
    public static JsonObject Error(string message, string? parameter = null, string? code = null) => new()
    {
        ["error"] = new JsonObject
        {
            ["message"] = message,
            ["type"] = "invalid_request_error",
            ["param"] = parameter,
            ["code"] = code,
        },
    };

    private static JsonObject CompletionUsage(string read, string written) => new()
    {
        ["prompt_tokens"] = EchoText.Tokens(read),
        ["completion_tokens"] = EchoText.Tokens(written),
        ["total_tokens"] = EchoText.Tokens(read) + EchoText.Tokens(written),
        ["prompt_tokens_details"] = new JsonObject { ["cached_tokens"] = 0 },
        ["completion_tokens_details"] = new JsonObject { ["reasoning_tokens"] = 0 },
    };

    private static string ModelOf(JsonObject request) =>
        EchoText.Of(request["model"]) is { Length: > 0 } model ? model : throw new EchoRefusalException("model");

    private static string[] Inputs(JsonObject request) => (request["input"] ?? throw new EchoRefusalException("input")) switch
    {
        // A list of numbers is a single input, already tokenized.
        JsonArray list when list.Any(item => item is not JsonValue number || number.TryGetValue(out string? _)) =>
            [.. list.Select(EchoText.Of)],
        JsonNode input => [EchoText.Of(input)],
    };

    private static JsonArray Vector(string text, int dimensions)
    {
        var random = new Random(unchecked((int)Hash(text)));
        double[] raw = [.. Enumerable.Range(0, dimensions).Select(_ => (random.NextDouble() * 2) - 1)];
        var length = Math.Sqrt(raw.Sum(value => value * value));
        return new JsonArray([.. raw.Select(value => JsonValue.Create(Math.Round(value / length, 6)))]);
    }

    private static string Id(string prefix, JsonObject request) => $"{prefix}{Hash(request.ToJsonString()):x16}";

    private static ulong Hash(string text) => XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(text));

    private static long Now() => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
}
