using System.Diagnostics;
using System.Globalization;
using BatchFunctions.SelfHost.Azurite;
using BatchFunctions.SelfHost.Settings;

namespace BatchFunctions.Bench.Sides;

/// <summary>
/// The storage of one figure, in memory, with an account for each of its cases. Azurite has one thread, so each of the
/// three services is a process of its own: they do not wait for each other in Azure either.
/// </summary>
internal sealed class BenchStorage : IAsyncDisposable
{
    private static readonly string[] Services = ["Blob", "Queue", "Table"];
    private readonly List<AzuriteServer> _servers = [];

    private BenchStorage()
    {
    }

    /// <summary>Processor time of all three so far.</summary>
    public TimeSpan ProcessorTime => _servers.Aggregate(TimeSpan.Zero, (sum, server) =>
    {
        using var process = Process.GetProcessById(server.ProcessId);
        return sum + process.TotalProcessorTime;
    });

    /// <summary>Starts it.</summary>
    /// <param name="accounts">How many accounts it has.</param>
    /// <param name="ct">Ends the wait.</param>
    public static async Task<BenchStorage> StartAsync(int accounts, CancellationToken ct)
    {
        var storage = new BenchStorage();
        foreach (var _ in Services)
        {
            storage._servers.Add(await AzuriteServer.StartAsync(
                new AzuriteOptions
                {
                    InstallFolder = SelfHostSettings.AzuriteFolder,
                    Accounts = [.. Enumerable.Range(0, accounts).Select(AccountOf)],
                },
                Console.WriteLine,
                ct));
        }

        return storage;
    }

    /// <summary>The connection string of an account.</summary>
    /// <param name="account">Its number, from 0.</param>
    public string ConnectionString(int account)
    {
        var parts = _servers.Select(server => server.ConnectionString(AccountOf(account)).Split(';', StringSplitOptions.RemoveEmptyEntries)).ToList();
        return string.Join(';', parts[0].Where(part => !part.Contains("Endpoint=", StringComparison.Ordinal))
            .Concat(Services.Select((service, number) => parts[number].Single(
                part => part.StartsWith($"{service}Endpoint=", StringComparison.OrdinalIgnoreCase)))));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }
    }

    private static string AccountOf(int number) => string.Create(CultureInfo.InvariantCulture, $"bench{number:D2}");
}
