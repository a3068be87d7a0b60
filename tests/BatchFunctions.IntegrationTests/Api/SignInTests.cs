using System.Net;
using System.Text.Json;
using BatchFunctions.SignIn;
using BatchFunctions.Testing.SignIn;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.IntegrationTests.Api;

/// <summary>Callers with tokens, as they meet the API.</summary>
public sealed class SignInTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private TestIssuer _issuer = null!;
    private ApiDriver _api = null!;

    private long Now => _time.GetUtcNow().ToUnixTimeSeconds();

    public async Task InitializeAsync()
    {
        _issuer = await TestIssuer.StartAsync(_time);
        _api = await ApiDriver.StartAsync(
            TestStorage.NewStrictAccount(), _issuer.Settings, services => services.AddSingleton<TimeProvider>(_time));
    }

    public async Task DisposeAsync()
    {
        await _api.DisposeAsync();
        await _issuer.DisposeAsync();
    }

    [Fact]
    public async Task A_token_opens_its_project_alone_beside_keys()
    {
        var mine = await _api.AddAsync(DateTimeOffset.UtcNow, "team-a");
        await _api.AddAsync(DateTimeOffset.UtcNow, "team-b");
        using var key = await _api.ClientOfAsync("team-a");

        Assert.Equal([mine.Id], await ListAsync(_issuer.TokenFor("team-a")));
        Assert.Equal([mine.Id], await IdsAsync(await key.GetAsync(new Uri("/v1/batches", UriKind.Relative))));
        Assert.Empty(await ListAsync(_issuer.TokenFor("team-c")));
        using var elsewhere = await AskAsync(_issuer.TokenFor("team-b"), $"/v1/batches/{mine.Id}");
        Assert.Equal(HttpStatusCode.NotFound, elsewhere.StatusCode);
    }

    [Fact]
    public async Task Of_several_projects_a_header_names_the_one()
    {
        var mine = await _api.AddAsync(DateTimeOffset.UtcNow, "b");
        var token = _issuer.TokenFor("a", "b");

        Assert.Equal([mine.Id], await ListAsync(token, "b"));
        Assert.Empty(await ListAsync(token, "a"));
        await AssertErrorAsync(token, null, 403, "no_project", "The token opens several projects.");
        await AssertErrorAsync(token, "c", 403, "no_project", "The token does not open the project");
        await AssertErrorAsync(_issuer.TokenFor("a"), "b", 403, "no_project", "The token does not open the project");
    }

    [Fact]
    public async Task A_token_that_is_good_and_opens_no_project_is_forbidden()
    {
        await AssertErrorAsync(_issuer.Token(("roles", null)), null, 403, "no_project", "opens no project");
        await AssertErrorAsync(_issuer.TokenFor("No Name"), null, 403, "no_project", "opens no project");
        await AssertErrorAsync(_issuer.TokenFor("../other"), null, 403, "no_project", "opens no project");
        await AssertErrorAsync(_issuer.TokenFor(""), null, 403, "no_project", "opens no project");
    }

    [Fact]
    public async Task A_token_that_is_not_good_is_refused_and_told_no_more_than_helps()
    {
        await using var other = await TestIssuer.StartAsync(_time);
        foreach (var (token, said) in new[]
        {
            (_issuer.Token(("aud", "another")), "made for another service"),
            (_issuer.Token(("iss", "https://another")), "from an issuer"),
            (_issuer.Token(("nbf", Now - 3600), ("exp", Now - 60)), "has expired"),
            (_issuer.Token(("nbf", Now + 60)), "not valid yet"),
            (_issuer.TokenSigned(null, "none"), "cannot be verified"),
            (other.Token(("iss", _issuer.Address)), "cannot be verified"),
            ("eyJ..", "cannot be verified"),
        })
        {
            var text = await AssertErrorAsync(token, null, 401, "invalid_token", said);
            Assert.DoesNotContain(TestIssuer.Audience, text, StringComparison.Ordinal);
            Assert.DoesNotContain("127.0.0.1", text, StringComparison.Ordinal);
            Assert.DoesNotContain("local", text, StringComparison.Ordinal);
            Assert.DoesNotContain("another ", text.Replace("another service", "", StringComparison.Ordinal), StringComparison.Ordinal);
            Assert.DoesNotContain("IDX", text, StringComparison.Ordinal);
        }

        await AssertErrorAsync("sk-nonsense", null, 401, "invalid_api_key", "Incorrect API key");
    }

    [Fact]
    public async Task An_issuer_that_cannot_be_reached_is_a_503_that_passes_and_keys_go_on_working()
    {
        var token = _issuer.TokenFor("local");
        _issuer.GoDown();
        await AssertErrorAsync(token, null, 503, "sign_in_unavailable", "issuer cannot be reached");
        await _api.PageAsync(null, 1);
        _issuer.ComeUp();
        _time.Advance(IssuerKeys.FailureAfter);
        Assert.Empty(await ListAsync(token));
    }

    [Fact]
    public async Task Where_the_sign_in_is_off_a_token_is_no_key_and_nobody_is_asked()
    {
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount());
        using var client = api.ClientWith(_issuer.TokenFor("local"));
        using var response = await client.GetAsync(new Uri("/v1/batches", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Contains("invalid_api_key", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(0, _issuer.Reads);
    }

    private async Task<string> AssertErrorAsync(string token, string? project, int status, string code, string said)
    {
        using var response = await AskAsync(token, "/v1/batches", project);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(status == (int)response.StatusCode, $"{(int)response.StatusCode}: {text}");
        var error = JsonDocument.Parse(text).RootElement.GetProperty("error");
        Assert.Equal(["message", "type", "param", "code"], error.EnumerateObject().Select(property => property.Name));
        Assert.Equal(code, error.GetProperty("code").GetString());
        Assert.Contains(said, error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(status == 401, response.Headers.WwwAuthenticate.Any(challenge => challenge.Scheme == "Bearer"));
        Assert.Equal(status == 503, response.Headers.RetryAfter is not null);
        return text;
    }

    private async Task<IReadOnlyList<string>> ListAsync(string token, string? project = null) =>
        await IdsAsync(await AskAsync(token, "/v1/batches", project));

    private static async Task<IReadOnlyList<string>> IdsAsync(HttpResponseMessage response)
    {
        using (response)
        {
            var text = await response.Content.ReadAsStringAsync();
            Assert.True(response.IsSuccessStatusCode, text);
            return [.. JsonDocument.Parse(text).RootElement.GetProperty("data").EnumerateArray().Select(batch => batch.GetProperty("id").GetString()!)];
        }
    }

    private async Task<HttpResponseMessage> AskAsync(string token, string path, string? project = null)
    {
        using var client = _api.ClientWith(token);
        if (project is not null)
        {
            client.DefaultRequestHeaders.Add("OpenAI-Project", project);
        }

        return await client.GetAsync(new Uri(path, UriKind.Relative));
    }
}
