using System.Text;
using BatchFunctions.Lines;

namespace BatchFunctions.Tests.Upstream;

public sealed class TokenUsageTests
{
    [Fact]
    public void Chat_completions_report_prompt_and_completion_tokens() => Assert.Equal(
        new TokenUsage(Input: 20, CachedInput: 4, Output: 10, ReasoningOutput: 6),
        Read("""
            {"choices":[{"usage":{"prompt_tokens":99}}],"usage":{"prompt_tokens":20,"completion_tokens":10,"total_tokens":30,
            "prompt_tokens_details":{"audio_tokens":0,"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":6}},"x":1}
            """));

    [Fact]
    public void Responses_report_input_and_output_tokens() => Assert.Equal(
        new TokenUsage(Input: 20, CachedInput: 4, Output: 10, ReasoningOutput: 6),
        Read("""
            {"usage":{"input_tokens":20,"input_tokens_details":{"cached_tokens":4},
            "output_tokens":10,"output_tokens_details":{"reasoning_tokens":6},"total_tokens":30}}
            """));

    [Fact]
    public void Embeddings_report_prompt_tokens() =>
        Assert.Equal(new TokenUsage(8, 0, 0, 0), Read("""{"usage":{"prompt_tokens":8,"total_tokens":8}}"""));

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("\"usage\"")]
    [InlineData("{\"usage\":null}")]
    [InlineData("{\"usage\":[1]}")]
    [InlineData("{\"usage\":{\"prompt_tokens\":\"3\",\"completion_tokens\":{\"a\":1},\"prompt_tokens_details\":null}}")]
    [InlineData("{\"usage\":{\"prompt_tokens\":-3,\"completion_tokens\":1.5,\"completion_tokens_details\":[{}]}}")]
    [InlineData("{\"usage\":{\"prompt_tokens\":99999999999999999999}}")]
    public void What_is_absent_or_no_count_is_zero(string json) => Assert.Equal(default, Read(json));

    [Fact]
    public void Tokens_add_up()
    {
        var sum = new TokenUsage(1, 2, 3, 4) + new TokenUsage(10, 20, 30, 40);

        Assert.Equal(new TokenUsage(11, 22, 33, 44), sum);
        Assert.Equal(44, sum.Total);
    }

    private static TokenUsage Read(string json) => TokenUsage.Read(Encoding.UTF8.GetBytes(json));
}
