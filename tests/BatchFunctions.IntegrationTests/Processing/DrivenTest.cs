using BatchFunctions.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>A test that drives the library by hand, over a scripted upstream and a strict storage of its own.</summary>
public abstract class DrivenTest : IAsyncLifetime
{
    private protected ScriptedUpstream Upstream { get; } = new();

    private protected BatchDriver Driver { get; private set; } = null!;

    /// <summary>The settings that differ from the driver's.</summary>
    private protected abstract IReadOnlyDictionary<string, string?> Settings { get; }

    public async Task InitializeAsync()
    {
        await Upstream.StartAsync();
        Driver = await BatchDriver.StartAsync(TestStorage.NewStrictAccount(), Upstream.Address, Settings, Configure);
    }

    public async Task DisposeAsync()
    {
        await Driver.DisposeAsync();
        await Upstream.DisposeAsync();
    }

    /// <summary>Puts the test's own pieces in the place of the library's.</summary>
    private protected abstract void Configure(IServiceCollection services);
}
