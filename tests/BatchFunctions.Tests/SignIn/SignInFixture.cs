using BatchFunctions.Configuration;
using BatchFunctions.SignIn;
using BatchFunctions.Testing.SignIn;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.Tests.SignIn;

/// <summary>The sign-in as the service registers it, before an issuer of the test's own, on a clock that the test moves.</summary>
internal sealed class SignInFixture : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private SignInFixture(TestIssuer issuer, FakeTimeProvider time, ServiceProvider services)
    {
        Issuer = issuer;
        Time = time;
        _services = services;
    }

    public TestIssuer Issuer { get; }

    public FakeTimeProvider Time { get; }

    public TokenCheck Tokens => _services.GetRequiredService<TokenCheck>();

    public static async Task<SignInFixture> StartAsync(string? projectClaim = null)
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var issuer = await TestIssuer.StartAsync(time);
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<TimeProvider>(time);
        services.AddSingleton(Options.Create(new BatchOptions
        {
            SignIn = new SignInOptions { Authority = issuer.Address, Audience = TestIssuer.Audience, ProjectClaim = projectClaim },
        }));
        services.AddSignIn();
        return new SignInFixture(issuer, time, services.BuildServiceProvider());
    }

    public async Task<TokenVerdict> CheckAsync(string token) => await Tokens.CheckAsync(token, CancellationToken.None);

    public async Task<IReadOnlyList<string>> ProjectsAsync(string token)
    {
        var verdict = await CheckAsync(token);
        Assert.Null(verdict.Refusal);
        return verdict.Projects;
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await Issuer.DisposeAsync();
    }
}
