using System.Buffers;
using System.Text;
using System.Text.Json;
using BatchFunctions.Lines;
using BatchFunctions.Testing;
using BatchFunctions.Upstream;

namespace BatchFunctions.Tests.Upstream;

public sealed class UpstreamAnswerTests
{
    [Fact]
    public async Task A_success_is_answered_with_its_body_its_request_id_and_its_tokens()
    {
        await using var fixture = await UpstreamFixture.StartAsync(
            _ => ScriptedAnswer.Chat("hello").WithHeader("x-request-id", "req_1"));

        var answer = await AnswerAsync(fixture);

        Assert.True(answer.IsSuccess);
        Assert.Equal(200, answer.StatusCode);
        Assert.Equal("req_1", answer.RequestId);
        Assert.Equal(new TokenUsage(7, 0, 3, 0), answer.Usage);
        Assert.Equal("hello", ContentOf(answer));
    }

    [Fact]
    public void Tokens_are_known_when_the_body_has_been_written_down()
    {
        using var body = AnswerBody.Of("""{"usage":{"prompt_tokens":7,"completion_tokens":3}}"""u8);

        body.DrainTo(new ArrayBufferWriter<byte>());

        Assert.Equal(new TokenUsage(7, 0, 3, 0), body.Usage);
    }

    [Fact]
    public async Task What_is_sent_is_the_line_s_own_body_byte_for_byte()
    {
        await using var fixture = await UpstreamFixture.StartAsync();
        var body = Encoding.UTF8.GetBytes("""{ "model":"m",  "temperature": 1.0, "input":"\u00e9é" }""");

        using var memory = await fixture.Client.TakeMemoryAsync(body.Length, default);
        _ = await fixture.SendAsync("/v1/embeddings", body, memory);

        var call = Assert.Single(fixture.Upstream.Calls);
        Assert.Equal(body, call.Body.ToArray());
        Assert.Equal("/v1/embeddings", call.Path);
        Assert.Equal("application/json", call.Headers.ContentType);
        Assert.Equal(body.Length, call.Headers.ContentLength);
    }

    [Fact]
    public async Task An_answer_over_several_lines_is_rewritten_onto_one_without_changing_a_value()
    {
        const string pretty = "\uFEFF{\r\n  \"text\": \"two\\nlines\",\r\n  \"number\": 1.00,\n  \"list\": [\n 1 ]\n}\n";
        await using var fixture = await UpstreamFixture.StartAsync(
            _ => ScriptedAnswer.Text(pretty, "application/json"));

        var answer = await AnswerAsync(fixture);

        Assert.True(answer.IsSuccess);
        var body = WrittenBody.Of(answer);
        Assert.False(body.AsSpan().ContainsAny((byte)'\n', (byte)'\r'));
        var json = JsonSerializer.Deserialize<JsonElement>(body);
        Assert.Equal("two\nlines", json.GetProperty("text").GetString());
        Assert.Equal("1.00", json.GetProperty("number").GetRawText());
    }

    [Fact]
    public async Task A_compressed_answer_is_decompressed()
    {
        await using var fixture = await UpstreamFixture.StartAsync(_ => ScriptedAnswer.Chat("small").Gzipped());

        Assert.Equal("small", ContentOf(await AnswerAsync(fixture)));
    }

    [Theory]
    [InlineData(400)]
    [InlineData(404)]
    [InlineData(413)]
    [InlineData(422)]
    public async Task A_refusal_is_final_at_once_and_kept_with_its_body(int status)
    {
        await using var fixture = await UpstreamFixture.StartAsync(_ => ScriptedAnswer.Error(status, "no such model"));

        var answer = await AnswerAsync(fixture);

        Assert.False(answer.IsSuccess);
        Assert.Equal(status, answer.StatusCode);
        Assert.Contains("no such model", Encoding.UTF8.GetString(WrittenBody.Of(answer)), StringComparison.Ordinal);
        Assert.Equal(1, fixture.Upstream.CallsOf("line"));
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        await using var fixture = await UpstreamFixture.StartAsync(
            call => call.Path == "/elsewhere" || call.Number > 1
                ? ScriptedAnswer.Chat(call)
                : ScriptedAnswer.Redirect(new Uri("/elsewhere", UriKind.Relative)));

        var sending = fixture.SendAsync();
        _ = await fixture.Time.PassNextWaitAsync();

        Assert.True(Assert.IsType<UpstreamOutcome.Answered>(await sending).IsSuccess);
        Assert.All(fixture.Upstream.Calls, call => Assert.NotEqual("/elsewhere", call.Path));
    }

    [Theory]
    [InlineData("Not found\nat \"all\"", "Not found\nat \"all\"")]
    [InlineData("", "")]
    [InlineData("{\"half\":", "{\"half\":")]
    public async Task A_body_that_is_no_json_becomes_a_json_string_on_one_line(string text, string expected)
    {
        await using var fixture = await UpstreamFixture.StartAsync(_ => ScriptedAnswer.Text(text).WithStatus(404));

        var answer = await AnswerAsync(fixture);

        Assert.True(answer.Body.NotJson);
        var body = WrittenBody.Of(answer);
        Assert.DoesNotContain((byte)'\n', body);
        Assert.Equal(expected, JsonSerializer.Deserialize<string>(body));
    }

    /// <summary>It is well-formed, and many clients could not read the file that it is in.</summary>
    [Fact]
    public async Task An_answer_that_is_nested_too_deeply_is_kept_as_text()
    {
        var deep = new string('[', 100_000) + new string(']', 100_000);
        await using var fixture = await UpstreamFixture.StartAsync(_ => ScriptedAnswer.Text(deep).WithStatus(404));

        var answer = await AnswerAsync(fixture);

        Assert.Equal(deep, JsonSerializer.Deserialize<string>(WrittenBody.Of(answer)));
    }

    [Fact]
    public async Task A_very_long_body_that_is_no_json_is_kept_in_part()
    {
        await using var fixture = await UpstreamFixture.StartAsync(
            _ => ScriptedAnswer.Text(new string('<', AnswerBody.MaxTextBytes + 5)).WithStatus(404));

        var answer = await AnswerAsync(fixture);

        Assert.Equal(AnswerBody.MaxTextBytes, JsonSerializer.Deserialize<string>(WrittenBody.Of(answer))!.Length);
    }

    [Theory]
    [InlineData(4096, false)]
    [InlineData(4096, true)]
    public async Task An_answer_of_just_the_size_that_is_allowed_is_taken(int size, bool compressed)
    {
        await using var fixture = await UpstreamFixture.StartAsync(
            _ => Sized(size, compressed), options => options.MaxResponseBytes = size);

        Assert.Equal(size, (await AnswerAsync(fixture)).Body.Bytes);
    }

    [Theory]
    [InlineData(4097, false)]
    [InlineData(4097, true)]
    [InlineData(1_000_000, true)]
    public async Task An_answer_larger_than_allowed_after_decompression_ends_the_line_at_once(int size, bool compressed)
    {
        await using var fixture = await UpstreamFixture.StartAsync(
            _ => Sized(size, compressed), options => options.MaxResponseBytes = 4096);

        var failed = Assert.IsType<UpstreamOutcome.Failed>(await fixture.SendAsync());

        Assert.Equal("response_too_large", failed.Code);
        Assert.Equal(1, fixture.Upstream.CallsOf("line"));
    }

    [Theory]
    [InlineData("", "/v1")]
    [InlineData("/v1/", "/v1")]
    [InlineData("/openai/v1?api-version=preview", "/openai/v1")]
    [InlineData("/v1beta/openai/", "/v1beta/openai")]
    public async Task Lines_go_to_the_endpoint_below_the_root(string suffix, string root)
    {
        await using var fixture = await UpstreamFixture.StartAsync(
            configure: options => options.BaseUrl = options.BaseUrl!.TrimEnd('/') + suffix);

        _ = await AnswerAsync(fixture);

        var call = fixture.Upstream.Calls[0];
        Assert.Equal(root + "/chat/completions", call.Path);
        Assert.Equal(suffix.Contains('?', StringComparison.Ordinal) ? "?api-version=preview" : "", call.Query);
    }

    private static async Task<UpstreamOutcome.Answered> AnswerAsync(UpstreamFixture fixture) =>
        Assert.IsType<UpstreamOutcome.Answered>(await fixture.SendAsync());

    private static ScriptedAnswer Sized(int size, bool compressed) =>
        compressed ? ScriptedAnswer.OfSize(size).Gzipped() : ScriptedAnswer.OfSize(size);

    private static string? ContentOf(UpstreamOutcome.Answered answer) =>
        JsonSerializer.Deserialize<JsonElement>(WrittenBody.Of(answer))
            .GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString();
}
