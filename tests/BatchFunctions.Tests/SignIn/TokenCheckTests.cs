using System.Security.Cryptography;
using System.Text;
using BatchFunctions.SignIn;
using BatchFunctions.Testing.SignIn;
using Microsoft.IdentityModel.Tokens;

namespace BatchFunctions.Tests.SignIn;

/// <summary>What makes a token good, and what a good one opens.</summary>
public sealed class TokenCheckTests : IAsyncLifetime
{
    private SignInFixture _signIn = null!;

    private TestIssuer Issuer => _signIn.Issuer;

    private long Now => _signIn.Time.GetUtcNow().ToUnixTimeSeconds();

    public async Task InitializeAsync() => _signIn = await SignInFixture.StartAsync();

    public async Task DisposeAsync() => await _signIn.DisposeAsync();

    [Fact]
    public async Task The_roles_of_a_good_token_name_its_projects()
    {
        Assert.Equal(["team-a"], await _signIn.ProjectsAsync(Issuer.TokenFor("team-a")));
        Assert.Equal(["a", "b"], await _signIn.ProjectsAsync(Issuer.TokenFor("a", "b")));
        Assert.Equal(["one"], await _signIn.ProjectsAsync(Issuer.Token(("roles", "batch.project.one"))));
        Assert.Empty(await _signIn.ProjectsAsync(Issuer.Token(("roles", (string[])["reader", "Batch.Project.a"]))));
        Assert.Empty(await _signIn.ProjectsAsync(Issuer.Token(("roles", null), ("project", "a"))));
    }

    [Fact]
    public async Task Another_claim_may_have_the_name_itself()
    {
        await using var signIn = await SignInFixture.StartAsync("team");
        Assert.Equal(["a"], await signIn.ProjectsAsync(signIn.Issuer.Token(("team", "a"))));
        Assert.Empty(await signIn.ProjectsAsync(signIn.Issuer.TokenFor("a")));
    }

    [Fact]
    public async Task An_audience_goes_by_both_its_names()
    {
        Assert.NotEmpty(await _signIn.ProjectsAsync(Issuer.Token(("aud", "api://" + TestIssuer.Audience))));
        Assert.NotEmpty(await _signIn.ProjectsAsync(Issuer.Token(("aud", (string[])["another", TestIssuer.Audience]))));
    }

    [Theory]
    [InlineData("aud", "another")]
    [InlineData("aud", "")]
    [InlineData("aud", null)]
    public Task A_token_for_another_service_is_refused(string claim, string? value) =>
        AssertRefusedAsync(TokenRefusal.WrongAudience, Issuer.Token((claim, value)));

    [Theory]
    [InlineData("https://login.example.com")]
    [InlineData(null)]
    public Task A_token_that_names_another_issuer_is_refused(string? issuer) =>
        AssertRefusedAsync(TokenRefusal.WrongIssuer, Issuer.Token(("iss", issuer)));

    [Fact]
    public async Task A_token_lives_from_its_beginning_to_its_end_give_or_take_half_a_minute()
    {
        var skew = (long)TokenCheck.ClockSkew.TotalSeconds;
        await AssertRefusedAsync(TokenRefusal.NotYetValid, Issuer.Token(("nbf", Now + skew + 1)));
        Assert.NotEmpty(await _signIn.ProjectsAsync(Issuer.Token(("nbf", Now + skew))));
        await AssertRefusedAsync(TokenRefusal.Expired, Issuer.Token(("nbf", Now - 3600), ("exp", Now - skew - 1)));
        var token = Issuer.Token(("exp", Now + 100));
        Assert.NotEmpty(await _signIn.ProjectsAsync(token));
        _signIn.Time.Advance(TimeSpan.FromSeconds(100 + skew - 1));
        Assert.NotEmpty(await _signIn.ProjectsAsync(token));
        _signIn.Time.Advance(TimeSpan.FromSeconds(2));
        await AssertRefusedAsync(TokenRefusal.Expired, token);
    }

    [Fact]
    public async Task A_token_without_an_end_is_refused() =>
        await AssertRefusedAsync(TokenRefusal.NotVerified, Issuer.Token(("exp", null)));

    [Fact]
    public async Task A_token_that_nobody_signed_is_refused()
    {
        await AssertRefusedAsync(TokenRefusal.NotVerified, Issuer.TokenSigned(null, "none"));
        var parts = Issuer.TokenFor("local").Split('.');
        await AssertRefusedAsync(TokenRefusal.NotVerified, $"{parts[0]}.{parts[1]}.");
        await AssertRefusedAsync(TokenRefusal.NotVerified, $"{parts[0]}.{Issuer.TokenFor("other").Split('.')[1]}.{parts[2]}");
    }

    [Theory]
    [InlineData("eyJ..")]
    [InlineData("eyJ.eyJ.eyJ")]
    [InlineData("eyJhbGciOiJSUzI1NiJ9.bm8ganNvbg.AAAA")]
    [InlineData("eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.AAAA.AAAA.AAAA.AAAA")]
    public Task A_text_that_only_looks_like_a_token_is_refused(string text) => AssertRefusedAsync(TokenRefusal.NotVerified, text);

    /// <summary>The public key is public: were it taken as a secret, anybody could make tokens.</summary>
    [Fact]
    public async Task The_public_key_is_no_secret_to_sign_with()
    {
        var modulus = ((RsaSecurityKey)Issuer.Key).Parameters.Modulus!;
        using var rsa = RSA.Create(((RsaSecurityKey)Issuer.Key).Parameters);
        foreach (var secret in new[] { modulus, Encoding.UTF8.GetBytes(Issuer.PublicKey), rsa.ExportSubjectPublicKeyInfo(), Encoding.ASCII.GetBytes(rsa.ExportSubjectPublicKeyInfoPem()) })
        {
            foreach (var id in new[] { Issuer.Key.KeyId, null })
            {
                await AssertRefusedAsync(
                    TokenRefusal.NotVerified,
                    Issuer.TokenSigned(new SymmetricSecurityKey(secret) { KeyId = id }, SecurityAlgorithms.HmacSha256));
            }
        }
    }

    [Fact]
    public async Task Another_key_is_refused_under_its_own_name_and_under_the_issuers()
    {
        using var rsa = RSA.Create(2048);
        foreach (var id in new[] { Issuer.Key.KeyId, "another", null })
        {
            var key = new RsaSecurityKey(rsa.ExportParameters(true)) { KeyId = id };
            await AssertRefusedAsync(TokenRefusal.NotVerified, Issuer.TokenSigned(key, SecurityAlgorithms.RsaSha256));
        }
    }

    /// <summary>Nothing is told of a token that the issuer has not signed, however wrong it is otherwise.</summary>
    [Fact]
    public async Task A_made_up_token_does_not_learn_what_else_is_wrong()
    {
        using var rsa = RSA.Create(2048);
        var key = new RsaSecurityKey(rsa.ExportParameters(true)) { KeyId = Issuer.Key.KeyId };
        foreach (var claim in new (string, object?)[] { ("aud", "another"), ("iss", "another"), ("exp", Now - 3600), ("nbf", Now + 3600) })
        {
            await AssertRefusedAsync(TokenRefusal.NotVerified, Issuer.TokenSigned(key, SecurityAlgorithms.RsaSha256, claim));
        }
    }

    [Theory]
    [InlineData("eyJhbGciOiJub25lIn0.e30.", true)]
    [InlineData("eyJhbGciOiJub25lIn0.e30", false)]
    [InlineData("sk-AAAA.BBBB.CCCC", false)]
    [InlineData("", false)]
    public void A_token_is_told_from_a_key_by_its_form(string text, bool isToken) => Assert.Equal(isToken, TokenCheck.HasForm(text));

    private async Task AssertRefusedAsync(TokenRefusal refusal, string token)
    {
        var verdict = await _signIn.CheckAsync(token);
        Assert.Equal(refusal, verdict.Refusal);
        Assert.Empty(verdict.Projects);
    }
}
