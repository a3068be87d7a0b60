using System.Security.Cryptography;
using BatchFunctions.SignIn;
using BatchFunctions.Testing;
using BatchFunctions.Testing.SignIn;
using Microsoft.IdentityModel.Tokens;

namespace BatchFunctions.Tests.SignIn;

/// <summary>When the issuer's keys are read: as seldom as will do, whatever tokens come, and one read at a time.</summary>
public sealed class IssuerKeysTests : IAsyncLifetime
{
    private SignInFixture _signIn = null!;

    private TestIssuer Issuer => _signIn.Issuer;

    public async Task InitializeAsync() => _signIn = await SignInFixture.StartAsync();

    public async Task DisposeAsync() => await _signIn.DisposeAsync();

    [Fact]
    public async Task Keys_are_read_once_by_all_who_wait_together()
    {
        Issuer.Hold();
        var waiting = Enumerable.Range(0, 50).Select(_ => _signIn.ProjectsAsync(Issuer.TokenFor("a"))).ToArray();
        await Eventually.UntilAsync(() => Issuer.Reads == 1, "the keys are being read");
        Assert.All(waiting, task => Assert.False(task.IsCompleted));
        Issuer.Release();

        Assert.All(await Task.WhenAll(waiting), projects => Assert.Equal(["a"], projects));
        Assert.Equal(1, Issuer.Reads);
    }

    [Fact]
    public async Task Keys_are_renewed_while_tokens_are_checked_with_those_that_are_there()
    {
        await AcceptsAsync();
        _signIn.Time.Advance(IssuerKeys.RenewedAfter - TimeSpan.FromSeconds(1));
        await AcceptsAsync();
        Assert.Equal(1, Issuer.Reads);

        Issuer.Hold();
        _signIn.Time.Advance(TimeSpan.FromSeconds(1));
        await AcceptsAsync();
        await AcceptsAsync();
        await Eventually.UntilAsync(() => Issuer.Reads == 2, "the keys are read again");
        Issuer.Release();
    }

    [Fact]
    public async Task A_new_key_is_found_with_the_first_token_that_it_has_signed()
    {
        await AcceptsAsync();
        _signIn.Time.Advance(IssuerKeys.UnknownKeyAfter);
        Issuer.Rotate();
        await AcceptsAsync();
        Assert.Equal(2, Issuer.Reads);
    }

    [Fact]
    public async Task Tokens_of_unknown_keys_make_one_read_a_minute()
    {
        await AcceptsAsync();
        using var rsa = RSA.Create(2048);
        for (var minute = 1; minute <= 3; minute++)
        {
            for (var i = 0; i < 20; i++)
            {
                var key = new RsaSecurityKey(rsa.ExportParameters(true)) { KeyId = $"made-up-{minute}-{i}" };
                var verdict = await _signIn.CheckAsync(Issuer.TokenSigned(key, SecurityAlgorithms.RsaSha256));
                Assert.Equal(TokenRefusal.NotVerified, verdict.Refusal);
            }

            Assert.Equal(minute, Issuer.Reads);
            _signIn.Time.Advance(IssuerKeys.UnknownKeyAfter);
        }
    }

    [Fact]
    public async Task An_issuer_that_is_down_says_nothing_of_a_token_and_is_asked_every_ten_seconds()
    {
        Issuer.GoDown();
        await Assert.ThrowsAsync<SignInUnavailableException>(AcceptsAsync);
        var reads = Issuer.Reads;
        for (var i = 0; i < 20; i++)
        {
            await Assert.ThrowsAsync<SignInUnavailableException>(AcceptsAsync);
        }

        Assert.Equal(reads, Issuer.Reads);
        Issuer.ComeUp();
        _signIn.Time.Advance(IssuerKeys.FailureAfter);
        await AcceptsAsync();
    }

    [Fact]
    public async Task An_issuer_that_does_not_answer_is_given_up_after_a_while()
    {
        Issuer.Hold();
        var check = _signIn.CheckAsync(Issuer.TokenFor("a"));
        await Eventually.UntilAsync(() => Issuer.Reads == 1, "the keys are being read");
        _signIn.Time.Advance(IssuerKeys.Limit);
        var failure = await Assert.ThrowsAsync<SignInUnavailableException>(() => check);
        Assert.Contains("10 s", failure.Message, StringComparison.Ordinal);
        Issuer.Release();
    }

    [Fact]
    public async Task Keys_that_are_there_outlive_an_issuer_that_is_down_by_a_day()
    {
        await AcceptsAsync();
        Issuer.GoDown();
        _signIn.Time.Advance(IssuerKeys.UsableFor - TimeSpan.FromSeconds(1));
        await AcceptsAsync();
        _signIn.Time.Advance(TimeSpan.FromSeconds(1));
        await Assert.ThrowsAsync<SignInUnavailableException>(AcceptsAsync);
    }

    /// <summary>Its key may be a new one, which only the issuer could tell.</summary>
    [Fact]
    public async Task A_token_of_an_unknown_key_is_not_refused_while_the_issuer_is_down()
    {
        await AcceptsAsync();
        _signIn.Time.Advance(IssuerKeys.UnknownKeyAfter);
        Issuer.Rotate();
        Issuer.GoDown();
        await Assert.ThrowsAsync<SignInUnavailableException>(AcceptsAsync);
        await Assert.ThrowsAsync<SignInUnavailableException>(AcceptsAsync);
        Issuer.ComeUp();
        _signIn.Time.Advance(IssuerKeys.FailureAfter);
        await AcceptsAsync();
    }

    private async Task AcceptsAsync() => Assert.Equal(["a"], await _signIn.ProjectsAsync(Issuer.TokenFor("a")));
}
