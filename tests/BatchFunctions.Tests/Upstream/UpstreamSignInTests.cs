using BatchFunctions.Configuration;
using BatchFunctions.SelfHost.Upstream;
using BatchFunctions.Testing;
using BatchFunctions.Upstream;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Tests.Upstream;

/// <summary>Signing in as a managed identity, from the settings to the header that the upstream sees.</summary>
public sealed class UpstreamSignInTests(IdentityEndpoint endpoint) : IClassFixture<IdentityEndpoint>
{
    // The library keeps tokens for the whole process: each test has an identity of its own.
    private readonly string _clientId = Guid.NewGuid().ToString();

    [Fact]
    public async Task Lines_carry_the_identitys_token_which_is_asked_for_once()
    {
        await using var fixture = await StartAsync(_ => { });

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => fixture.SendAsync()));
        _ = await fixture.SendAsync();

        Assert.Equal(("https://cognitiveservices.azure.com", _clientId), Assert.Single(Asked));
        Assert.Equal(21, fixture.Upstream.Calls.Count);
        var tokens = fixture.Upstream.Calls.Select(call => call.Headers.Authorization.ToString()).Distinct();
        Assert.StartsWith("Bearer token-", Assert.Single(tokens), StringComparison.Ordinal);
        Assert.DoesNotContain(fixture.Logs.Records, record => record.Text.Contains("token-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_scope_is_a_setting_and_the_look_at_the_start_is_signed_in_too()
    {
        await using var fixture = await StartAsync(options => options.CredentialScope = "https://ai.azure.com/.default");

        Assert.Empty(await UpstreamProbe.AskAllAsync(fixture.Services, CancellationToken.None));

        Assert.Equal("https://ai.azure.com", Assert.Single(Asked).Resource);
        var call = Assert.Single(fixture.Upstream.Calls);
        Assert.Equal("/v1/models", call.Path);
        Assert.StartsWith("Bearer token-", call.Headers.Authorization, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_token_a_line_is_not_sent_waits_and_uses_up_no_attempt()
    {
        endpoint.Refuses = true;
        await using var fixture = await StartAsync(_ => { });
        Task<UpstreamOutcome> sending;
        try
        {
            sending = fixture.SendAsync(UpstreamFixture.Charged(2));
            await Eventually.UntilAsync(
                () => fixture.Logs.Records.Any(record => record.Level == LogLevel.Warning
                    && record.Text.Contains("check Batch__Upstream__Credential", StringComparison.Ordinal)),
                "the operator is told");
            Assert.False(sending.IsCompleted);
            Assert.Empty(fixture.Upstream.Calls);
            var problem = Assert.Single(await UpstreamProbe.AskAllAsync(fixture.Services, CancellationToken.None));
            Assert.Contains("the service's identity gets no token", problem, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', problem);
        }
        finally
        {
            endpoint.Refuses = false;
        }

        // The identity has been assigned meanwhile: the line finds its way.
        await fixture.Time.AdvanceUntilAsync(() => sending.IsCompleted, TimeSpan.FromSeconds(1));
        Assert.True(Assert.IsType<UpstreamOutcome.Answered>(await sending).IsSuccess);
    }

    private IEnumerable<(string Resource, string ClientId)> Asked => endpoint.Asked.Where(asked => asked.ClientId == _clientId);

    private Task<UpstreamFixture> StartAsync(Action<UpstreamOptions> configure) => UpstreamFixture.StartAsync(configure: options =>
    {
        options.Credential = UpstreamCredential.ManagedIdentity;
        options.ClientId = _clientId;
        configure(options);
    });
}
