using BatchFunctions.Configuration;
using BatchFunctions.Testing;
using BatchFunctions.Upstream;
using Microsoft.Extensions.Configuration;

namespace BatchFunctions.Tests.Upstream;

public sealed class UpstreamHeadersTests
{
    [Theory]
    [InlineData("Authorization", null, "Bearer up-key")]
    [InlineData("authorization", null, "Bearer up-key")]
    [InlineData("Authorization", "", "up-key")]
    [InlineData("Authorization", "Key", "Key up-key")]
    [InlineData("api-key", null, "up-key")]
    [InlineData("x-goog-api-key", "Bearer", "Bearer up-key")]
    public async Task The_key_is_sent_in_its_header_behind_its_scheme(string header, string? scheme, string sent)
    {
        var call = await CallAsync(options =>
        {
            options.ApiKey = "up-key";
            options.ApiKeyHeader = header;
            options.ApiKeyScheme = scheme;
        });

        Assert.Equal(sent, call.Headers[header]);
        Assert.Equal(header.Equals("Authorization", StringComparison.OrdinalIgnoreCase), call.Headers.ContainsKey("Authorization"));
    }

    [Fact]
    public async Task No_key_is_sent_where_none_is_set() =>
        Assert.False((await CallAsync(_ => { })).Headers.ContainsKey("Authorization"));

    [Fact]
    public async Task Additional_headers_are_sent_by_name_and_where_a_setting_takes_no_hyphens_by_number()
    {
        var call = await CallAsync(options => Bind(
            options,
            ("anthropic-version", "2023-06-01"),
            ("0", " HTTP-Referer : https://batches.example:443/a "),
            ("1", "X-Title:Batches"),
            ("User-Agent", "mine/1.0"),
            ("x-unset", "")));

        Assert.Equal("2023-06-01", call.Headers["anthropic-version"]);
        Assert.Equal("https://batches.example:443/a", call.Headers["HTTP-Referer"]);
        Assert.Equal("Batches", call.Headers["X-Title"]);
        Assert.Equal("mine/1.0", call.Headers.UserAgent);
        Assert.False(call.Headers.ContainsKey("x-unset"));
        Assert.Equal("application/json", call.Headers.ContentType);
    }

    [Theory]
    [InlineData("Connection", "close", "Headers__Connection cannot be sent")]
    [InlineData("transfer-encoding", "chunked", "the service's own")]
    [InlineData("Content-Type", "text/plain", "the service's own")]
    [InlineData("Content-Length", "1", "the service's own")]
    [InlineData("Host", "elsewhere.example", "the service's own")]
    [InlineData("a b", "x", "is no header's name")]
    [InlineData("a(b)", "x", "is no header's name")]
    [InlineData("x-a", "b\r\nx-c: d", "a line break")]
    [InlineData("x-a", "é", "beyond ASCII")]
    [InlineData("Authorization", "Bearer secret", "set Batch__Upstream__ApiKey, with Batch__Upstream__ApiKeyHeader=Authorization")]
    [InlineData("API-KEY", "secret", "set Batch__Upstream__ApiKey, with Batch__Upstream__ApiKeyHeader=API-KEY")]
    [InlineData("0", "anthropic-version", "Headers__0 names no header")]
    [InlineData("0", ": x", "names no header")]
    [InlineData("0", "X-GIVEN: again", "names the header X-GIVEN a second time")]
    public void What_cannot_be_sent_is_refused_without_its_value(string name, string value, string said)
    {
        var options = new UpstreamOptions { ApiKeyHeader = "api-key" };
        Bind(options, ("x-given", "1"), (name, value));

        var problem = Assert.Single(UpstreamHeaders.ProblemsOf(options));

        Assert.StartsWith("Batch__Upstream__Headers__", problem, StringComparison.Ordinal);
        Assert.Contains(said, problem, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("secret", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Content-Type")]
    [InlineData("Host")]
    public void A_key_is_sent_in_no_header_that_is_the_services_own(string header) => Assert.Contains(
        "Batch__Upstream__ApiKeyHeader",
        Assert.Single(UpstreamHeaders.ProblemsOf(new UpstreamOptions { ApiKey = "up-key", ApiKeyHeader = header })),
        StringComparison.Ordinal);

    private static void Bind(UpstreamOptions options, params (string Name, string Value)[] headers) => new ConfigurationBuilder()
        .AddInMemoryCollection(headers.Select(header => KeyValuePair.Create($"Headers:{header.Name}", (string?)header.Value)))
        .Build()
        .Bind(options);

    private static async Task<ScriptedCall> CallAsync(Action<UpstreamOptions> configure)
    {
        await using var fixture = await UpstreamFixture.StartAsync(configure: configure);
        _ = await fixture.SendAsync();
        return Assert.Single(fixture.Upstream.Calls);
    }
}
