using System.Net;
using System.Text;
using System.Text.Json;

namespace BatchFunctions.IntegrationTests.Files;

/// <summary>What came back, read whole.</summary>
internal sealed record Answer(HttpStatusCode Status, byte[] Bytes, IReadOnlyDictionary<string, string> Headers)
{
    public string Body => Encoding.UTF8.GetString(Bytes);

    public JsonElement Json => JsonDocument.Parse(Bytes).RootElement;

    public static async Task<Answer> OfAsync(HttpResponseMessage response) => new(
        response.StatusCode,
        await response.Content.ReadAsByteArrayAsync(),
        response.Headers.Concat(response.Content.Headers)
            .ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase));

    public string Text(string property) => Json.GetProperty(property).GetString()!;

    public Answer Should(int status)
    {
        Assert.True(status == (int)Status, $"{(int)Status} instead of {status}: {Body}");
        return this;
    }

    /// <summary>An error in the envelope, with all four properties.</summary>
    public Answer ShouldFail(int status, string? code, string? param)
    {
        Should(status);
        var error = Json.GetProperty("error");
        Assert.Equal(["message", "type", "param", "code"], error.EnumerateObject().Select(p => p.Name));
        Assert.Equal((code, param), (error.GetProperty("code").GetString(), error.GetProperty("param").GetString()));
        return this;
    }

    public string Message => Json.GetProperty("error").GetProperty("message").GetString()!;

    public string[] Ids => [.. Json.GetProperty("data").EnumerateArray().Select(item => item.GetProperty("id").GetString()!)];
}
