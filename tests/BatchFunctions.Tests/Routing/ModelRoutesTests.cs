using BatchFunctions.Configuration;
using BatchFunctions.Routing;

namespace BatchFunctions.Tests.Routing;

public sealed class ModelRoutesTests
{
    [Theory]
    [InlineData("llama-3", "0")]
    [InlineData("qwen-2", "1")]
    [InlineData("mistral", "0,1")]
    [InlineData("gpt-4o", "1")]
    [InlineData("gpt-5", "")]
    [InlineData("", "")]
    public void A_model_goes_to_all_that_name_it_and_what_nobody_names_to_nobody(string model, string upstreams)
    {
        var routes = Routes(("llama-*, mistral", ""), ("qwen-*,mistral", "gpt-4o=qwen-2"));

        Assert.True(routes.AreKnown);
        Assert.Equal(upstreams, string.Join(',', routes.Of(model)));
    }

    [Theory]
    [InlineData("llama-3", "0")]
    [InlineData("fast", "1")]
    [InlineData("anything", "1,2")]
    [InlineData("", "1,2")]
    public void One_without_a_list_takes_what_no_other_names_and_its_aliases(string model, string upstreams)
    {
        var routes = Routes(("llama-*", ""), ("", "fast=qwen"), ("", ""));

        Assert.False(routes.AreKnown);
        Assert.Equal(upstreams, string.Join(',', routes.Of(model)));
    }

    [Theory]
    [InlineData("", true, "0")]
    [InlineData("llama", false, "0")]
    public void The_only_upstream_takes_a_request_without_a_model(string models, bool takesAll, string upstreams)
    {
        var routes = Routes((models, ""));

        Assert.Equal(takesAll, routes.AreOne);
        Assert.Equal(upstreams, string.Join(',', routes.Of(ModelRoutes.Unnamed)));
    }

    [Fact]
    public void What_can_be_chosen_from_are_names_and_aliases_and_then_patterns() => Assert.Equal(
        ["a", "b", "gpt-4o", "llama-*"], Routes(("llama-*,b", ""), ("a,b", "gpt-4o=a")).Known);

    private static ModelRoutes Routes(params IEnumerable<(string Models, string Aliases)> upstreams) => new(
    [
        .. upstreams.Select(one => ServedModels.Of(new UpstreamOptions { Models = { one.Models }, Aliases = { [""] = one.Aliases } })),
    ]);
}
