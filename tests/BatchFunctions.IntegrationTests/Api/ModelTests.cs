using System.Net;
using System.Text.Json;
using BatchFunctions.Models;
using BatchFunctions.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.IntegrationTests.Api;

/// <summary>Which models can be batched, as callers are told.</summary>
public sealed class ModelTests : IAsyncLifetime
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly ScriptedUpstream _a = new();
    private readonly ScriptedUpstream _b = new();

    public async Task InitializeAsync()
    {
        await _a.Answer(_ => Models(("llama-3", 7, "meta"), ("llama-4", null, null), ("qwen", null, null), ("meta/llama", null, null))).StartAsync();
        await _b.Answer(_ => Models(("mistral", null, "vllm"), ("llama-3", 9, "another"))).StartAsync();
    }

    public async Task DisposeAsync()
    {
        await _a.DisposeAsync();
        await _b.DisposeAsync();
    }

    [Fact]
    public async Task They_are_what_settings_name_and_of_what_upstreams_offer_that_which_would_go_there()
    {
        await using var api = await StartAsync(("a:Models", "llama-*,fixed"), ("a:Aliases", "gpt-4o=llama-3"));

        var list = await api.GetJsonAsync("/v1/models");

        Assert.Equal(["object", "data"], list.EnumerateObject().Select(property => property.Name));
        Assert.Equal(
            ["fixed 0 a", "gpt-4o 7 meta", "llama-3 7 meta", "llama-4 0 a", "mistral 0 vllm"],
            list.GetProperty("data").EnumerateArray().Select(Described));
    }

    [Fact]
    public async Task An_upstream_that_leaves_nothing_open_is_not_asked()
    {
        await using var api = await StartAsync(("a:Models", "llama-3"), ("b:Models", "qwen,mistral"));

        Assert.Equal(
            ["llama-3 0 a", "mistral 0 b", "qwen 0 b"], (await api.GetJsonAsync("/v1/models")).GetProperty("data").EnumerateArray().Select(Described));
        Assert.Empty(_a.Calls.Concat(_b.Calls));
    }

    [Fact]
    public async Task The_lists_are_read_once_for_all_who_ask_and_again_after_a_while()
    {
        await using var api = await StartAsync(("a:Models", "llama-*"));
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => api.GetJsonAsync("/v1/models")));
        await api.GetJsonAsync("/v1/models/llama-3");
        Assert.Equal((1, 1), (_a.Calls.Count, _b.Calls.Count));

        _time.Advance(OfferedModels.RenewedAfter);
        _a.Answer(_ => Models(("llama-5", null, null)));
        await api.GetJsonAsync("/v1/models");
        await Eventually.UntilAsync(
            async () => (await api.GetJsonAsync("/v1/models")).GetProperty("data").EnumerateArray().Any(model => Described(model) == "llama-5 0 a"),
            Deadline,
            "the new list is there");
        Assert.Equal((2, 2), (_a.Calls.Count, _b.Calls.Count));
    }

    [Theory]
    [InlineData("stopped")]
    [InlineData("500")]
    [InlineData("no list")]
    [InlineData("too long")]
    public async Task An_upstream_that_tells_nothing_keeps_nobody_from_the_rest(string what)
    {
        _a.Answer(_ => what switch
        {
            "500" => ScriptedAnswer.Error(500),
            "no list" => ScriptedAnswer.Text("<p>hello</p>"),
            _ => ScriptedAnswer.OfSize(5 * 1024 * 1024),
        });
        if (what == "stopped")
        {
            await _a.StopAsync();
        }

        await using var api = await StartAsync(("a:Models", "llama-*,fixed"), ("b:Models", "mistral"));
        for (var ask = 0; ask < 3; ask++)
        {
            Assert.Equal(["fixed 0 a", "mistral 0 b"], (await api.GetJsonAsync("/v1/models")).GetProperty("data").EnumerateArray().Select(Described));
        }

        Assert.InRange(_a.Calls.Count, 0, 1);
        _a.Answer(_ => Models(("llama-3", null, null)));
        if (what == "stopped")
        {
            await _a.StartAsync();
        }

        _time.Advance(OfferedModels.FailureAfter);
        await Eventually.UntilAsync(
            async () => (await api.GetJsonAsync("/v1/models")).GetProperty("data").GetArrayLength() == 3,
            Deadline,
            "it tells again");
    }

    [Fact]
    public async Task A_name_that_is_no_text_is_passed_over_and_keeps_nobody_from_the_rest()
    {
        _a.Answer(_ => ScriptedAnswer.Text("""{"data":[{"id":"llama-\ud800"},{"id":"llama-1","owned_by":"\udc00"},{"id":"llama-2","\ud800":1},{"id":"llama-3","created":7}]}"""));
        await using var api = await StartAsync(("a:Models", "llama-*"), ("b:Models", "mistral"));

        Assert.Equal(["llama-1 0 a", "llama-3 7 a", "mistral 0 b"], (await api.GetJsonAsync("/v1/models")).GetProperty("data").EnumerateArray().Select(Described));
    }

    [Theory]
    [InlineData("/v1/models/mistral", "mistral 0 vllm")]
    [InlineData("/v1/models/meta/llama", "meta/llama 0 a")]
    [InlineData("/v1/models/meta%2Fllama", "meta/llama 0 a")]
    [InlineData("/v1/models/meta%2fllama", "meta/llama 0 a")]
    public async Task One_is_found_by_its_name_whatever_is_in_it(string path, string described)
    {
        await using var api = await StartAsync(("a:Models", "meta/*"));

        Assert.Equal(described, Described(await api.GetJsonAsync(path)));
    }

    [Fact]
    public async Task One_that_is_not_known_is_not_found_and_nobody_is_told_without_a_key()
    {
        await using var api = await StartAsync(("a:Models", "llama-*"));
        using var missing = await api.Client.GetAsync(new Uri("/v1/models/gpt-5", UriKind.Relative));
        var error = JsonDocument.Parse(await missing.Content.ReadAsStringAsync()).RootElement.GetProperty("error");

        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        Assert.Equal(
            ("model_not_found", "model", "The model 'gpt-5' does not exist, or is not known to be served here."),
            (error.GetProperty("code").GetString(), error.GetProperty("param").GetString(), error.GetProperty("message").GetString()));

        using var stranger = api.ClientWith("sk-nonsense");
        using var refused = await stranger.GetAsync(new Uri("/v1/models", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    private static string Described(JsonElement model) =>
        $"{model.GetProperty("id")} {model.GetProperty("created")} {model.GetProperty("owned_by")}";

    private static ScriptedAnswer Models(params IEnumerable<(string Id, long? Created, string? OwnedBy)> models) => ScriptedAnswer.Json(new
    {
        @object = "list",
        data = models.Select(model => new { id = model.Id, @object = "model", created = model.Created, owned_by = model.OwnedBy }),
    });

    private Task<ApiDriver> StartAsync(params IEnumerable<(string Name, string Value)> settings)
    {
        var values = new Dictionary<string, string?>
        {
            ["Batch:Upstream:BaseUrl"] = "",
            ["Batch:Upstreams:a:BaseUrl"] = _a.Address.ToString(),
            ["Batch:Upstreams:b:BaseUrl"] = _b.Address.ToString(),
        };
        foreach (var (name, value) in settings)
        {
            values[$"Batch:Upstreams:{name}"] = value;
        }

        return ApiDriver.StartAsync(TestStorage.NewStrictAccount(), values, services => services.AddSingleton<TimeProvider>(_time));
    }
}
