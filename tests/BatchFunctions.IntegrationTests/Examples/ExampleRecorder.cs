using System.Net.Http.Headers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace BatchFunctions.IntegrationTests.Examples;

/// <summary>
/// Asks the service, and keeps question and answer as they went over the wire, in their order, with what differs from run
/// to run (the random digits of ids) replaced by what does not.
/// </summary>
internal sealed partial class ExampleRecorder(HttpClient client)
{
    /// <summary>Headers of an answer that belong to the contract.</summary>
    private static readonly string[] Kept =
        ["content-type", "content-disposition", "content-range", "x-content-type-options", "x-should-retry", "retry-after", "www-authenticate", "allow", "x-request-id"];

    private static readonly JsonSerializerOptions Layout = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The secret of the examples in Standard Webhooks.</summary>
    private const string StableSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    private readonly Dictionary<string, string> _ids = [];

    /// <summary>Examples by name, as their files have them.</summary>
    public Dictionary<string, string> Examples { get; } = [];

    /// <summary>Asks, and keeps the exchange under the name.</summary>
    /// <returns>The answer's body as JSON, ids as they are; null where it is none.</returns>
    public async Task<JsonNode?> AskAsync(
        string name, HttpMethod method, string path, HttpContent? body = null, Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        change?.Invoke(request);
        var asked = body is null ? null : await body.ReadAsStringAsync();
        using var response = await client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        var isJson = response.Content.Headers.ContentType?.MediaType == "application/json";
        var authorization = request.Headers.Authorization ?? client.DefaultRequestHeaders.Authorization;
        var example = new JsonObject
        {
            ["request"] = new JsonObject
            {
                ["method"] = method.Method,
                ["path"] = Stable(path),
                ["headers"] = HeadersOf(authorization, request),
                ["body"] = asked is null ? null : BodyOf(Stable(asked), body!.Headers.ContentType?.MediaType == "application/json"),
            },
            ["response"] = new JsonObject
            {
                ["status"] = (int)response.StatusCode,
                ["headers"] = HeadersOf(response),
                ["body"] = BodyOf(Stable(text), isJson),
            },
        };
        Examples[name] = example.ToJsonString(Layout) + "\n";
        return isJson ? JsonNode.Parse(text) : null;
    }

    private static JsonNode? BodyOf(string text, bool isJson)
    {
        try
        {
            return isJson ? JsonNode.Parse(text) : JsonValue.Create(text);
        }
        catch (JsonException)
        {
            // A request that is wrong on purpose.
            return JsonValue.Create(text);
        }
    }

    private JsonObject HeadersOf(AuthenticationHeaderValue? authorization, HttpRequestMessage request)
    {
        var headers = new JsonObject();
        if (authorization is not null)
        {
            headers["authorization"] = "Bearer $OPENAI_API_KEY";
        }

        foreach (var (name, values) in request.Headers.NonValidated.Where(header => header.Key != "Authorization"))
        {
            headers[Lower(name)] = values.ToString();
        }

        if (request.Content?.Headers.ContentType is { } type)
        {
            headers["content-type"] = type.ToString();
        }

        return headers;
    }

    private JsonObject HeadersOf(HttpResponseMessage response)
    {
        var all = response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated)
            .ToDictionary(header => Lower(header.Key), header => header.Value.ToString());
        var headers = new JsonObject();
        foreach (var name in Kept.Where(all.ContainsKey))
        {
            headers[name] = Stable(all[name]);
        }

        return headers;
    }

    private string Stable(string text) => RandomDigits().Replace(Secret().Replace(text, StableSecret), match =>
    {
        var kind = match.Groups["kind"].Value;
        var random = match.Groups["random"].Value;
        if (!_ids.TryGetValue(random, out var number))
        {
            _ids[random] = number = $"{_ids.Count + 1}".PadLeft(random.Length, '0');
        }

        return kind + match.Groups["time"].Value + number;
    });

    private static string Lower(string name) => Encoding.ASCII.GetString([.. name.Select(letter => (byte)char.ToLowerInvariant(letter))]);

    /// <summary>What events are signed with.</summary>
    [GeneratedRegex("whsec_[A-Za-z0-9+/]{32,}=*")]
    private static partial Regex Secret();

    /// <summary>An id's time stays; what is random in it does not. A request's id is random altogether, but for one that is made of its line's.</summary>
    [GeneratedRegex("(?<kind>batch_req_|batch_|file-|upload_|part_|webhook_|delivery_|evt_|req_(?=[0-9a-f]{37}))(?<time>[0-9a-f]{12})(?<random>[0-9a-f]{20})|(?<kind>req_)(?<random>[0-9a-f]{32})")]
    private static partial Regex RandomDigits();
}
