using System.Globalization;
using BatchFunctions.SelfHost.Azurite;
using BatchFunctions.SelfHost.Settings;

namespace BatchFunctions.Bench.Sides;

/// <summary>An Azurite for one figure, in memory, with an account for each of its cases.</summary>
internal static class BenchStorage
{
    public static string AccountOf(int number) => string.Create(CultureInfo.InvariantCulture, $"bench{number:D2}");

    public static Task<AzuriteServer> StartAsync(int accounts, CancellationToken ct) => AzuriteServer.StartAsync(
        new AzuriteOptions
        {
            InstallFolder = SelfHostSettings.AzuriteFolder,
            Accounts = [.. Enumerable.Range(0, accounts).Select(AccountOf)],
        },
        Console.WriteLine,
        ct);
}
