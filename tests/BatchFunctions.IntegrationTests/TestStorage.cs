using BatchFunctions.SelfHost.Azurite;
using BatchFunctions.SelfHost.Settings;
using BatchFunctions.StrictStorage;
using BatchFunctions.StrictStorage.Chance;

namespace BatchFunctions.IntegrationTests;

/// <summary>
/// A storage account of its own for each test: the strict storage, or one of the one Azurite that the whole test run has, in
/// memory.
/// </summary>
internal static class TestStorage
{
    private const int Accounts = 1000;

    private static readonly Lazy<AzuriteServer> Azurite = new(Start);
    private static int LastNumber = -1;

    /// <summary>
    /// The connection string of an account that no other test has, in this process: what tests are to use where no other process
    /// needs to reach their storage. It refuses what Azure refuses.
    /// </summary>
    /// <param name="chance">What the documentation leaves to chance; null where pages are full and messages come once and in order.</param>
    public static string NewStrictAccount(StorageChance? chance = null) => new StorageAccount(TimeProvider.System, chance).Publish();

    /// <summary>
    /// The connection string of an account of Azurite that no other test has: for child processes, hosts with sockets, and the few
    /// tests that hold the strict storage against another.
    /// </summary>
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
