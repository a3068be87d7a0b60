namespace BatchFunctions.Infra.Tests;

/// <summary>The forms of the deployment that the tests look at, each worked out once.</summary>
public sealed class Deployments : IAsyncLifetime
{
    /// <summary>As it comes: nothing set that has a default.</summary>
    internal Deployment Plain { get; private set; } = null!;

    /// <summary>In a virtual network, by a person, with what is off by default on.</summary>
    internal Deployment Full { get; private set; } = null!;

    /// <summary>Small and cheap, with what is on by default off.</summary>
    internal Deployment Small { get; private set; } = null!;

    /// <summary>For what holds in every form.</summary>
    internal IEnumerable<Deployment> All => [Plain, Full, Small];

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
            "instanceMemoryMB = 4096",
            "alertEmail = 'operator@example.com'");
        var small = Deployment.PredictAsync(
            "maximumInstanceCount = 1",
            "appSettings = 'Batch__MaxOpenUploads=7; Batch__Upstream__Headers__0=X-Team: a=b ;Batch__RunLimit=00:05:00;'",
            "instanceMemoryMB = 512",
            "upstreamCredential = 'ManagedIdentity'",
            "upstreamKeyInVault = 'yes'",
            "vnetEnabled = true",
            "operatorIpAddress = '203.0.113.7'",
            "blobMaxAgeDays = 0",
            "alertsEnabled = false");
        Plain = await plain;
        Full = await full;
        Small = await small;
    }

    public Task DisposeAsync() => Task.CompletedTask;
}
