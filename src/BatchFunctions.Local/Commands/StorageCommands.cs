using System.CommandLine;
using System.Net;
using Azure;
using Azure.Data.Tables;
using BatchFunctions.SelfHost.Azurite;
using BatchFunctions.SelfHost.Settings;
using BatchFunctions.Storage;

namespace BatchFunctions.SelfHost.Commands;

/// <summary>
/// What the operators' commands share. They work on tables of the service's storage, whether or not the service is running,
/// or of the account that <c>--storage</c> names.
/// </summary>
/// <param name="data">The option for the folder of the embedded storage.</param>
/// <param name="codeOf">The exit code for a failure of each kind.</param>
/// <param name="makesData">Whether to create an embedded storage if there is none yet.</param>
/// <param name="kept">What the commands keep there, for the message where no storage is named.</param>
/// <param name="tables">The names of the tables that they work on.</param>
internal sealed class StorageCommands(Option<string> data, Func<FailureKind, int> codeOf, bool makesData, string kept, params string[] tables)
{
    /// <summary>The option that names an account.</summary>
    public Option<string?> Storage { get; } = new("--storage")
    {
        Description = "A connection string, or an account's address to open with the signed-in identity.",
        Recursive = true,
    };

    /// <summary>Makes a command open the storage and act on it.</summary>
    /// <param name="command">The command.</param>
    /// <param name="act">What it does, and its exit code.</param>
    /// <param name="check">Checks its arguments before any storage is opened, so that a wrong one starts no emulator.</param>
    public void Runs(
        Command command,
        Func<TableServiceClient, ParseResult, CancellationToken, Task<int>> act,
        Action<ParseResult>? check = null) =>
        command.SetAction((parsed, ct) => Startup.GuardAsync(
            async () =>
            {
                check?.Invoke(parsed);
                var settings = SettingsOf(parsed.GetValue(Storage), makesData ? null : parsed.GetValue(data)!);
                await using var azurite = await EmbeddedStorage.JoinIfNeededAsync(
                    settings, parsed.GetValue(data)!, Console.Error.WriteLine, ct);
                var account = Open(settings);
                foreach (var table in tables)
                {
                    await CreateTableAsync(account, table, ct);
                }

                return await act(account, parsed, ct);
            },
            parsed.InvocationConfiguration.Error,
            codeOf,
            ct: ct));

    /// <summary>The settings, which name a storage account unless an embedded storage may be used.</summary>
    /// <param name="storage">The value of <c>--storage</c>; null if it is not given.</param>
    /// <param name="dataFolder">A folder that must exist if no storage is named; null if it may be created.</param>
    /// <exception cref="StartupException">No storage is named, and the folder does not exist.</exception>
    private IConfigurationRoot SettingsOf(string? storage, string? dataFolder)
    {
        var settings = SelfHostSettings.Read(storage is null ? null : SelfHostSettings.OfStorage(storage));
        return dataFolder is null || Directory.Exists(dataFolder) || SelfHostSettings.HasStorage(settings)
            ? settings
            : throw new StartupException(
                $"No storage is named to keep {kept} in: give --storage https://ACCOUNT.table.core.windows.net or a connection string, set {StorageConnection.Name}, or name a self-host's data folder with --data.");
    }

    /// <exception cref="StartupException">The settings name no storage.</exception>
    private static TableServiceClient Open(IConfiguration settings)
    {
        try
        {
            return new StorageConnection(settings).OpenTables();
        }
        catch (Exception e) when (e is InvalidOperationException or UriFormatException && e.Source?.StartsWith("Azure", StringComparison.Ordinal) != true)
        {
            throw new StartupException(e is UriFormatException ? $"{StorageConnection.Name} has an address that is none: {e.Message}" : e.Message, e);
        }
    }

    private static async Task CreateTableAsync(TableServiceClient account, string table, CancellationToken ct)
    {
        try
        {
            await account.GetTableClient(table).CreateIfNotExistsAsync(ct);
        }
        catch (RequestFailedException e) when (e.Status == (int)HttpStatusCode.Forbidden)
        {
            // Whoever deployed the template has a role on these tables alone, which exist; creating tables takes a wider
            // role. A caller without any role is refused by the next request.
        }
    }
}
