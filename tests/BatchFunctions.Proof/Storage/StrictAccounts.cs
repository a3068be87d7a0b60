using BatchFunctions.StrictStorage;
using BatchFunctions.StrictStorage.Http;

namespace BatchFunctions.Proof.Storage;

/// <summary>Accounts of the strict storage in the proof's own process, which its workers reach over HTTP.</summary>
internal sealed class StrictAccounts : IAsyncDisposable
{
    private readonly StorageAccount[] _accounts;
    private readonly StorageServer _server;

    private StrictAccounts(StorageAccount[] accounts, StorageServer server)
    {
        _accounts = accounts;
        _server = server;
    }

    /// <summary>Makes and serves them.</summary>
    /// <param name="count">How many.</param>
    public static async Task<StrictAccounts> StartAsync(int count)
    {
        StorageAccount[] accounts = [.. Enumerable.Range(0, count).Select(_ => new StorageAccount(TimeProvider.System))];
        return new StrictAccounts(accounts, await StorageServer.StartAsync(accounts));
    }

    /// <summary>The connection string of an account for this process.</summary>
    public string Own(int number) => _accounts[number].Publish();

    /// <summary>The connection string of an account for other processes.</summary>
    public string Served(int number) => _server.ConnectionString(_accounts[number]);

    public ValueTask DisposeAsync()
    {
        foreach (var account in _accounts)
        {
            StorageAccount.Withdraw(account.ConnectionString);
        }

        return _server.DisposeAsync();
    }
}
