using System.Text;
using System.Text.Json;
using BatchFunctions.Checks;
using BatchFunctions.Tokens;

namespace BatchFunctions.Tests.Checks;

public sealed class LineTokensTests
{
    private static readonly JsonSerializerOptions AsIs = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The messages of OpenAI's cookbook, and what the API has counted for them: 129 for GPT-4, 124 for GPT-4o.</summary>
    [Theory]
    [InlineData("cl100k_base", 129)]
    [InlineData("o200k_base", 124)]
    public void Messages_have_the_tokens_that_OpenAI_counts(string encoding, int tokens)
    {
        object[] messages =
        [
            new { role = "system", content = "You are a helpful, pattern-following assistant that translates corporate jargon into plain English." },
            new { role = "system", name = "example_user", content = "New synergies will help drive top-line growth." },
            new { role = "system", name = "example_assistant", content = "Things working well together will increase revenue." },
            new { role = "system", name = "example_user", content = "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage." },
            new { role = "system", name = "example_assistant", content = "Let's talk later when we're less busy about how to do better." },
            new { role = "user", content = "This late pivot means we don't have time to boil the ocean for the client deliverable." },
        ];

        Assert.Equal(new TokenCount(tokens, true, false), Of(encoding).Count(LineOf(new { model = "m", messages, temperature = 0, stop = new[] { "not counted" } })));
    }

    [Theory]
    [InlineData("""{"input":"hello world"}""", 2, false)]
    [InlineData("""{"input":["hello world","hello world"],"dimensions":3}""", 4, false)]
    [InlineData("""{"input":[[15339,1917],[1]]}""", 3, false)]
    [InlineData("""{"prompt":"hello world","suffix":"hello"}""", 2, false)]
    [InlineData("""{"instructions":"hello world","input":[{"role":"user","content":[{"type":"input_text","text":"hello world"}]}]}""", 5, false)]
    [InlineData("""{"input":[{"role":"user","content":[{"type":"input_image","image_url":"hello world"},{"text":"hello world"}]}]}""", 3, true)]
    [InlineData("""{"input":"hello world","tools":[{"name":"f"}]}""", 2, true)]
    [InlineData("""{"metadata":{"input":"hello world"},"user":"hello"}""", 0, false)]
    [InlineData("""{"\u0069nput":"h\u0065llo\u0020world"}""", 2, false)]
    public void What_is_counted_is_the_text(string body, int tokens, bool hasMore) => Assert.Equal(
        new TokenCount(tokens, true, hasMore),
        Of("o200k_base").Count(Encoding.UTF8.GetBytes($$"""{"custom_id":"input","body":{{body}},"input":"hello"}""")));

    [Fact]
    public void Text_that_is_escaped_counts_as_it_counts_plain()
    {
        var text = string.Concat(Enumerable.Repeat("Ein \"Fluß\" – 三 😀\n", 3000));
        var escaped = JsonSerializer.Serialize(text);
        var plain = JsonSerializer.Serialize(text, AsIs);
        Assert.NotEqual(escaped, plain);
        var counter = Of("o200k_base");
        var expected = TokenEncoding.O200k.Open().CountTokens(text);

        Assert.Equal(expected, counter.Count(Encoding.UTF8.GetBytes($$$"""{"body":{"input":{{{escaped}}}}}""")).Tokens);
        Assert.Equal(expected, counter.Count(Encoding.UTF8.GetBytes($$$"""{"body":{"input":{{{plain}}}}}""")).Tokens);
    }

    [Fact]
    public void Text_beyond_what_is_counted_of_a_line_is_taken_to_be_like_it()
    {
        var text = string.Concat(Enumerable.Repeat("hello world ", 300_000));
        var counted = Of("o200k_base").Count(Encoding.UTF8.GetBytes($$$"""{"body":{"input":"{{{text}}}"}}"""));

        Assert.False(counted.IsWhole);
        Assert.InRange(counted.Tokens, 600_000 * 0.99, 600_000 * 1.01);
    }

    private static LineTokens Of(string encoding) => new(encoding == TokenEncoding.O200k.Name ? TokenEncoding.O200k : TokenEncoding.Cl100k);

    private static byte[] LineOf(object body) => JsonSerializer.SerializeToUtf8Bytes(new { custom_id = "a", method = "POST", url = "/v1/chat/completions", body });
}
