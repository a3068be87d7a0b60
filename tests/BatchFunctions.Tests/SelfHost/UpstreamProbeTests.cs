using BatchFunctions.SelfHost.Upstream;
using BatchFunctions.Testing;
using BatchFunctions.Tests.Upstream;

namespace BatchFunctions.Tests.SelfHost;

public sealed class UpstreamProbeTests
{
    [Fact]
    public async Task An_upstream_that_is_well_is_asked_once_with_its_key_and_passed_over()
    {
        await using var fixture = await UpstreamFixture.StartAsync(
            _ => ScriptedAnswer.Json(new { data = Array.Empty<object>() }), options => options.ApiKey = "sk-upstream");

        Assert.Null(await AskAsync(fixture));
        var call = Assert.Single(fixture.Upstream.Calls);
        Assert.Equal(("/v1/models", "Bearer sk-upstream"), (call.Path, call.Headers.Authorization.ToString()));
    }

    [Fact]
    public async Task The_models_are_asked_for_below_the_root()
    {
        await using var fixture = await UpstreamFixture.StartAsync(
            configure: options => options.BaseUrl += "v1beta/openai/?api-version=1");

        Assert.Null(await AskAsync(fixture));
        var call = Assert.Single(fixture.Upstream.Calls);
        Assert.Equal(("/v1beta/openai/models", "?api-version=1"), (call.Path, call.Query));
    }

    [Theory]
    [InlineData(401, "refuses the service's key", "Batch__Upstream__ApiKey")]
    [InlineData(403, "refuses the service's key", "Batch__Upstream__ApiKeyHeader")]
    [InlineData(404, "has no http://127.0.0.1:", "Batch__Upstream__BaseUrl points beside the API")]
    [InlineData(503, "has failed", "lines are sent again")]
    public async Task An_upstream_that_refuses_is_told_with_what_to_do(int status, string said, string remedy)
    {
        await using var fixture = await UpstreamFixture.StartAsync(_ => ScriptedAnswer.Error(status));

        AssertOneLine(await AskAsync(fixture), said, $"({status})", remedy);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(404)]
    public async Task A_web_page_is_told(int status)
    {
        await using var fixture = await UpstreamFixture.StartAsync(_ => ScriptedAnswer.Text("<html>Welcome</html>").WithStatus(status));

        AssertOneLine(await AskAsync(fixture), "there is a web page and no API", "correct Batch__Upstream__BaseUrl");
    }

    [Fact]
    public async Task A_redirect_is_told_with_its_target()
    {
        await using var fixture = await UpstreamFixture.StartAsync(_ => ScriptedAnswer.Redirect(new Uri("https://elsewhere.example/")));

        AssertOneLine(await AskAsync(fixture), "to https://elsewhere.example/ (307)", "set Batch__Upstream__BaseUrl");
    }

    [Fact]
    public async Task What_a_query_holds_is_printed_nowhere()
    {
        await using var fixture = await UpstreamFixture.StartAsync(
            _ => ScriptedAnswer.Redirect(new Uri("https://elsewhere.example/v1?key=secret")), options => options.BaseUrl += "v1?key=secret");
        string[] printed = [.. UpstreamLines.Of(fixture.Services), (await AskAsync(fixture))!];

        Assert.StartsWith("Upstream: http://127.0.0.1:", printed[0], StringComparison.Ordinal);
        Assert.Contains("to https://elsewhere.example/v1?… (307)", printed[1], StringComparison.Ordinal);
        Assert.All(printed, line => Assert.DoesNotContain("secret", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Nobody_there_is_told_and_that_lines_wait()
    {
        await using var fixture = await UpstreamFixture.StartAsync();
        await fixture.Upstream.StopAsync();

        AssertOneLine(await AskAsync(fixture), "does not answer at http://127.0.0.1:", "Connection refused", "is Batch__Upstream__BaseUrl right?", "Lines wait");
    }

    private static async Task<string?> AskAsync(UpstreamFixture fixture) =>
        (await UpstreamProbe.AskAllAsync(fixture.Services, CancellationToken.None)).SingleOrDefault();

    private static void AssertOneLine(string? problem, params string[] said)
    {
        Assert.NotNull(problem);
        Assert.DoesNotContain('\n', problem);
        Assert.All(said, part => Assert.Contains(part, problem, StringComparison.Ordinal));
    }
}
