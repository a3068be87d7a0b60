namespace BatchFunctions.Infra.Tests;

/// <summary>The forms of the deployment that the tests look at, each worked out once.</summary>
public sealed class Deployments : IAsyncLifetime
{
    /// <summary>As it comes: nothing set that has a default.</summary>
    internal Deployment Plain { get; private set; } = null!;

    /// <summary>In a virtual network, by a person, with what is off by default on.</summary>
    internal Deployment Full { get; private set; } = null!;

    /// <summary>Both, for what holds in either form.</summary>
    internal IEnumerable<Deployment> All => [Plain, Full];

    public async Task InitializeAsync()
    {
        var plain = Deployment.PredictAsync();
        var full = Deployment.PredictAsync(
            "vnetEnabled = true",
            "principalId = '11111111-2222-3333-4444-555555555555'",
            "upstreamApiKey = 'the-key-itself'",
            "upstreamKeyInVault = 'yes'",
            "alwaysReadyHttp = 1",
            "alwaysReadySteps = 2",
            "alwaysReadyChunk = 3",
            "zoneRedundant = true",
            "storageSku = 'Standard_ZRS'",
            "siteUpdateStrategy = 'RollingUpdate'",
            "alertEmail = 'operator@example.com'");
        Plain = await plain;
        Full = await full;
    }

    public Task DisposeAsync() => Task.CompletedTask;
}
