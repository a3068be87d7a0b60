using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using BatchFunctions.SelfHost.Echo;

namespace BatchFunctions.Tests.Echo;

public sealed class EchoUpstreamTests : IAsyncLifetime
{
    private EchoUpstream _echo = null!;
    private HttpClient _client = null!;

    public async Task InitializeAsync()
    {
        _echo = await EchoUpstream.StartAsync(default);
        _client = new HttpClient { BaseAddress = _echo.Address };
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _echo.DisposeAsync();
    }

    [Fact]
    public async Task A_chat_completion_says_back_what_the_user_said_last()
    {
        var answer = await PostAsync("/v1/chat/completions", """
            {"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"first"},
            {"role":"user","content":[{"type":"text","text":"second"}]},{"role":"assistant","content":"third"}]}
            """);

        var choice = answer.GetProperty("choices")[0];
        Assert.Equal("chat.completion", answer.GetProperty("object").GetString());
        Assert.Equal("m", answer.GetProperty("model").GetString());
        Assert.Equal("second", choice.GetProperty("message").GetProperty("content").GetString());
        Assert.Equal("stop", choice.GetProperty("finish_reason").GetString());
        Assert.Equal(2, answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        Assert.True(answer.GetProperty("usage").GetProperty("prompt_tokens").GetInt32() > 2);
    }

    [Fact]
    public async Task A_completion_says_back_its_prompt()
    {
        var answer = await PostAsync("/v1/completions", """{"model":"m","prompt":"once upon"}""");

        Assert.Equal("text_completion", answer.GetProperty("object").GetString());
        Assert.Equal("once upon", answer.GetProperty("choices")[0].GetProperty("text").GetString());
    }

    [Theory]
    [InlineData("\"hello\"")]
    [InlineData("[{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"hello\"}]}]")]
    public async Task A_response_says_back_its_input(string input)
    {
        var answer = await PostAsync("/v1/responses", $$"""{"model":"m","input":{{input}}}""");

        Assert.Equal("response", answer.GetProperty("object").GetString());
        Assert.Equal("hello", answer.GetProperty("output")[0].GetProperty("content")[0].GetProperty("text").GetString());
        Assert.Equal(2, answer.GetProperty("usage").GetProperty("output_tokens").GetInt32());
    }

    [Fact]
    public async Task Embeddings_are_unit_vectors_the_same_for_the_same_text()
    {
        var answer = await PostAsync("/v1/embeddings", """{"model":"m","input":["one","two","one"],"dimensions":5}""");

        double[][] vectors = [.. answer.GetProperty("data").EnumerateArray()
            .Select(item => item.GetProperty("embedding").Deserialize<double[]>()!)];
        Assert.Equal(3, vectors.Length);
        Assert.All(vectors, vector => Assert.Equal(1, Math.Sqrt(vector.Sum(value => value * value)), 4));
        Assert.Equal(5, vectors[0].Length);
        Assert.Equal(vectors[0], vectors[2]);
        Assert.NotEqual(vectors[0], vectors[1]);
    }

    [Theory]
    [InlineData("\"text\"", 1)]
    [InlineData("[1,2,3]", 1)]
    [InlineData("[[1,2],[3]]", 2)]
    public async Task A_list_of_tokens_is_one_input(string input, int vectors)
    {
        var answer = await PostAsync("/v1/embeddings", $$"""{"model":"m","input":{{input}}}""");

        Assert.Equal(vectors, answer.GetProperty("data").GetArrayLength());
    }

    [Fact]
    public async Task Moderations_flag_nothing()
    {
        var answer = await PostAsync("/v1/moderations", """{"input":["a","b"]}""");

        Assert.Equal(2, answer.GetProperty("results").GetArrayLength());
        Assert.False(answer.GetProperty("results")[0].GetProperty("flagged").GetBoolean());
    }

    [Theory]
    [InlineData("/v1/chat/completions", "{\"messages\":[]}", "model")]
    [InlineData("/v1/chat/completions", "{\"model\":\"m\"}", "messages")]
    [InlineData("/v1/completions", "{\"model\":\"m\"}", "prompt")]
    [InlineData("/v1/responses", "{\"model\":\"m\"}", "input")]
    [InlineData("/v1/embeddings", "{\"model\":\"m\"}", "input")]
    [InlineData("/v1/embeddings", "not json", null)]
    [InlineData("/v1/embeddings", "[]", null)]
    [InlineData("/v1/embeddings", "{\"model\":\"m\",\"input\":\"\\ud800\"}", null)]
    [InlineData("/v1/embeddings", "{\"model\":\"m\",\"model\":\"n\",\"input\":\"x\"}", null)]
    public async Task A_bad_body_is_refused_in_openai_s_envelope(string path, string body, string? parameter)
    {
        using var response = await SendAsync(path, body);

        var error = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error");
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("invalid_request_error", error.GetProperty("type").GetString());
        Assert.Equal(parameter, error.GetProperty("param").GetString());
    }

    [Fact]
    public async Task Unknown_routes_and_methods_are_refused_in_openai_s_envelope()
    {
        using var unknown = await SendAsync("/v1/nothing", "{}");
        using var wrongMethod = await _client.GetAsync(new Uri("/v1/embeddings", UriKind.Relative));

        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, wrongMethod.StatusCode);
        var error = (await unknown.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error");
        Assert.Equal("unknown_url", error.GetProperty("code").GetString());
    }

    [Fact]
    public async Task Every_answer_has_a_request_id_of_its_own()
    {
        using var first = await SendAsync("/v1/nothing", "{}");
        using var second = await SendAsync("/v1/moderations", "{\"input\":\"x\"}");

        Assert.NotEqual(first.Headers.GetValues("x-request-id").Single(), second.Headers.GetValues("x-request-id").Single());
    }

    private async Task<HttpResponseMessage> SendAsync(string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        return await _client.PostAsync(new Uri(path, UriKind.Relative), content);
    }

    private async Task<JsonElement> PostAsync(string path, string body)
    {
        using var response = await SendAsync(path, body);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }
}
