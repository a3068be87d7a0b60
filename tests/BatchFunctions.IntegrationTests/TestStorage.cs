using BatchFunctions.SelfHost.Azurite;
using BatchFunctions.SelfHost.Settings;

namespace BatchFunctions.IntegrationTests;

/// <summary>One Azurite for the whole test run, in memory, and an account of its own for each test.</summary>
internal static class TestStorage
{
    private const int Accounts = 1000;

    private static readonly Lazy<AzuriteServer> Azurite = new(Start);
    private static int LastNumber = -1;

    /// <summary>The connection string of an account that no other test has.</summary>
    public static string NewAccount()
    {
        var number = Interlocked.Increment(ref LastNumber);
        return number < Accounts
            ? Azurite.Value.ConnectionString(NameOf(number))
            : throw new InvalidOperationException($"The tests have used up all {Accounts} accounts; raise their number.");
    }

    private static string NameOf(int number) => $"test{number:D4}";

    /// <summary>Tests of one process share it, and it ends with the process.</summary>
    private static AzuriteServer Start() => Task.Run(() => AzuriteServer.StartAsync(
        new AzuriteOptions
        {
            InstallFolder = SelfHostSettings.AzuriteFolder,
            Accounts = [.. Enumerable.Range(0, Accounts).Select(NameOf)],
        },
        Console.WriteLine,
        CancellationToken.None)).GetAwaiter().GetResult();
}
