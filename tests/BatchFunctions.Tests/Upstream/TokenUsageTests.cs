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
    [InlineData("{\"usage\":{\"prompt_tokens\":-99999999999999999999,\"completion_tokens\":-1e400}}")]
    public void What_is_absent_or_no_count_is_zero(string json) => Assert.Equal(default, Read(json));

    /// <summary>The name of a property that is as long as one that is looked for, and no valid Unicode, among others.</summary>
    [Theory]
    [InlineData("{\"usage\":{\"\\ud800\":1,\"prompt_tokens\":3}}")]
    [InlineData("{\"\\ud800\":1,\"usage\":{\"prompt_tokens\":3}}")]
    [InlineData("{\"usage\":{\"\\ud800prompt_tok\":1}}")]
    [InlineData("{\"u\\udc00ge\":{\"prompt_tokens\":3}}")]
    public void A_name_that_is_no_unicode_is_counted_or_not_and_fails_nothing(string json) =>
        Assert.Null(Record.Exception(() => { Read(json); }));

    [Theory]
    [InlineData("20.0", 20)]
    [InlineData("2e1", 20)]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("9223372036854775808", long.MaxValue)]
    [InlineData("99999999999999999999", long.MaxValue)]
    [InlineData("1e400", long.MaxValue)]
    public void A_whole_number_counts_however_it_is_spelled_and_up_to_what_can_be_kept(string number, long count) => Assert.Equal(
        new TokenUsage(count, 0, 0, count),
        Read($$$"""{"usage":{"input_tokens":{{{number}}}, "output_tokens_details":{"reasoning_tokens":{{{number}}} } } }"""));

    [Fact]
    public void Sums_stop_at_the_largest_count()
    {
        var most = new TokenUsage(long.MaxValue, long.MaxValue - 1, long.MaxValue, long.MaxValue);

        Assert.Equal(most with { CachedInput = long.MaxValue }, most + new TokenUsage(0, 1, 2, long.MaxValue));
        Assert.Equal(long.MaxValue, most.Total);
        Assert.Equal(most with { CachedInput = long.MaxValue }, most + most + most);
    }

    [Fact]
    public void Tokens_add_up()
    {
        var sum = new TokenUsage(1, 2, 3, 4) + new TokenUsage(10, 20, 30, 40);

        Assert.Equal(new TokenUsage(11, 22, 33, 44), sum);
        Assert.Equal(44, sum.Total);
    }

    private static TokenUsage Read(string json) => AnswerSummary.Read(new(Encoding.UTF8.GetBytes(json))).Usage;
}
