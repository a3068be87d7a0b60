using BatchFunctions.SelfHost.Azurite;
using BatchFunctions.SelfHost.Settings;

namespace BatchFunctions.Proof.Storage;

/// <summary>An Azurite of the proof's own, with an account for each chain of workers.</summary>
internal static class ProofStorage
{
    /// <summary>So slow that a block takes longer than a checkpoint is apart, and some longer than half a lease.</summary>
    private const int SlowBytesPerSecond = 40_000;

    /// <summary>A slow line to blobs.</summary>
    public static SlowLine SlowBlobs() => new(SlowBytesPerSecond);

    public static string AccountOf(int number) => $"proof{number:D2}";

    /// <summary>Starts it.</summary>
    /// <param name="accounts">How many accounts.</param>
    /// <param name="dataFolder">Where data outlive a stop; null to keep them in memory.</param>
    public static Task<AzuriteServer> StartAsync(int accounts, string? dataFolder = null) => AzuriteServer.StartAsync(
        new AzuriteOptions
        {
            InstallFolder = SelfHostSettings.AzuriteFolder,
            DataFolder = dataFolder,
            Accounts = [.. Enumerable.Range(0, accounts).Select(AccountOf)],
        },
        Console.WriteLine,
        CancellationToken.None);
}
