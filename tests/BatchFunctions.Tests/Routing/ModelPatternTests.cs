using BatchFunctions.Routing;

namespace BatchFunctions.Tests.Routing;

public sealed class ModelPatternTests
{
    [Theory]
    [InlineData("llama-3.1-8b", "llama-3.1-8b", true)]
    [InlineData("llama-3.1-8b", "Llama-3.1-8b", false)]
    [InlineData("llama-3.1-8b", "llama-3.1-8b-instruct", false)]
    [InlineData("llama-*", "llama-", true)]
    [InlineData("llama-*", "llama-3", true)]
    [InlineData("llama-*", "llam", false)]
    [InlineData("*-instruct", "qwen-instruct", true)]
    [InlineData("*-instruct", "qwen-instruct-2", false)]
    [InlineData("a*b*c", "axbbxc", true)]
    [InlineData("a*b*c", "axxc", false)]
    [InlineData("ab*ba", "aba", false)]
    [InlineData("meta/*/8b", "meta/llama/3/8b", true)]
    [InlineData("*", "", true)]
    [InlineData("*", "anything at all", true)]
    [InlineData("gpt-4.", "gpt-4x", false)]
    public void An_asterisk_stands_for_anything_and_everything_else_for_itself(string pattern, string name, bool matches) =>
        Assert.Equal(matches, new ModelPattern(pattern).Matches(name));
}
