using BatchFunctions.Configuration;
using BatchFunctions.Routing;
using Microsoft.Extensions.Configuration;

namespace BatchFunctions.Tests.Routing;

public sealed class ModelSettingsTests
{
    [Fact]
    public void Lists_are_one_value_or_several_and_aliases_have_their_names_in_either_place()
    {
        var options = Bind(
            ("Batch:Upstreams:GPU:Models", "llama-3.1-8b, qwen-*"),
            ("Batch:Upstreams:GPU:Models:0", "mistral"),
            ("Batch:Upstreams:GPU:Aliases", "gpt-4o=llama-3.1-8b,gpt-4o-mini = qwen-2"),
            ("Batch:Upstreams:GPU:Aliases:0", "o3=qwen-3"),
            ("Batch:Upstreams:GPU:Aliases:fast", "mistral"),
            ("Batch:Upstream:Models", "a,b"));

        Assert.Equal(["a", "b"], ModelSettings.ModelsOf(options.Upstream).Select(model => model.Text));
        var upstream = Assert.Single(options.AllUpstreams);
        Assert.Equal(("gpu", "Batch__Upstreams__GPU"), (upstream.Name, upstream.Prefix));
        Assert.Equal(["llama-3.1-8b", "mistral", "qwen-*"], ModelSettings.ModelsOf(upstream.Options).Select(model => model.Text).Order(StringComparer.Ordinal));
        Assert.Equal(
            ["fast=mistral", "gpt-4o-mini=qwen-2", "gpt-4o=llama-3.1-8b", "o3=qwen-3"],
            ModelSettings.AliasesOf(upstream.Options).Select(alias => $"{alias.Key}={alias.Value}").Order(StringComparer.Ordinal));
        Assert.Empty(ModelSettings.ProblemsOf(upstream));
    }

    [Theory]
    [InlineData("llama-?", "", null)]
    [InlineData("llama-*?", "", "Batch__Upstreams__gpu__Models has 'llama-*?'")]
    [InlineData("llama-[38]*", "", "in a pattern only * has a meaning")]
    [InlineData("llama,llama", "", "has 'llama' twice")]
    [InlineData("llama", "gpt-4o", "Batch__Upstreams__gpu__Aliases has 'gpt-4o=': each is NAME=MODEL")]
    [InlineData("llama", "=llama", "each is NAME=MODEL")]
    [InlineData("llama", "gpt-*=llama", "without *")]
    [InlineData("llama", "gpt-4o=llama,gpt-4o=qwen", "has the alias 'gpt-4o' twice")]
    [InlineData("llama,gpt-4o", "gpt-4o=llama", "which Models has as a model's name")]
    [InlineData("gpt-*", "gpt-4o=gpt-4o-2024", null)]
    public void What_cannot_be_meant_is_told_with_the_settings_name(string models, string aliases, string? said)
    {
        var options = new UpstreamOptions { Models = { models }, Aliases = { [""] = aliases } };
        var problems = ModelSettings.ProblemsOf(UpstreamSettings.Of("gpu", options));

        if (said is null)
        {
            Assert.Empty(problems);
        }
        else
        {
            Assert.Contains(said, Assert.Single(problems), StringComparison.Ordinal);
        }
    }

    private static BatchOptions Bind(params IEnumerable<(string Name, string Value)> settings)
    {
        var section = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value)))
            .Build().GetSection(BatchOptions.Section);
        var options = new BatchOptions();
        section.Bind(options);
        UpstreamLists.AddTo(options, section);
        return options;
    }
}
