using System.Diagnostics;

namespace BatchFunctions.SelfHost.Azurite;

/// <summary>
/// Azurite on free loopback ports, as a child process that ends with this one. With a data folder, which it locks, it
/// writes its ports there, so that other processes can use it while it runs.
/// </summary>
public sealed class AzuriteServer : IAsyncDisposable
{
    internal const string InstallFolderVariable = "BATCHFUNCTIONS_AZURITE_FOLDER";

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly string[] Services = ["blob", "queue", "table"];

    private readonly AzuriteProcess _process;
    private readonly AzuriteEndpoints _endpoints;
    private readonly AzuriteFolder? _folder;

    private AzuriteServer(AzuriteProcess process, AzuriteEndpoints endpoints, AzuriteFolder? folder)
    {
        _process = process;
        _endpoints = endpoints;
        _folder = folder;
    }

    /// <summary>The id of the Azurite process.</summary>
    public int ProcessId => _process.Id;

    /// <summary>Installs Azurite if necessary, and starts it.</summary>
    /// <param name="options">Where and how.</param>
    /// <param name="say">Tells the user what takes so long.</param>
    /// <param name="ct">Cancels the operation.</param>
    /// <exception cref="StartupException">It cannot be installed or started, or another process holds the data folder.</exception>
    public static async Task<AzuriteServer> StartAsync(
        AzuriteOptions options, Action<string> say, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(say);
        var folder = options.DataFolder is null
            ? null
            : await AzuriteFolder.TakeAsync(Path.GetFullPath(options.DataFolder), say, ct);
        return await StartAsync(options, folder, say, ct);
    }

    /// <summary>The connection string of an account.</summary>
    /// <param name="account">One of the accounts that Azurite was started with.</param>
    public string ConnectionString(string account = AzuriteOptions.DefaultAccount) => _endpoints.ConnectionString(account);

    /// <summary>Ends Azurite, once it has written out its data.</summary>
    public async ValueTask DisposeAsync()
    {
        await _process.EndAsync();
        if (_folder is not null)
        {
            AzuriteState.Remove(_folder.Path);
            _folder.Dispose();
        }
    }

    /// <summary>Starts Azurite on a folder that is already held, and releases the folder if that fails.</summary>
    internal static async Task<AzuriteServer> StartAsync(
        AzuriteOptions options, AzuriteFolder? folder, Action<string> say, CancellationToken ct)
    {
        try
        {
            await AzuriteInstallation.EnsureAsync(Path.GetFullPath(options.InstallFolder), say, ct);
            return await StartProcessAsync(options, folder, ct);
        }
        catch
        {
            folder?.Dispose();
            throw;
        }
    }

    private static async Task<AzuriteServer> StartProcessAsync(AzuriteOptions options, AzuriteFolder? folder, CancellationToken ct)
    {
        var id = Guid.NewGuid().ToString("N");
        var process = AzuriteProcess.Start(Command(options, folder?.Path, id));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(StartLimit);
        try
        {
            // If this process is killed from here on, the next one knows whose end it has to wait for.
            var state = new AzuriteState(id, await process.ListeningAsync("The guard", limit.Token), Endpoints: null);
            Write(state, folder);
            await process.BeginAsync(limit.Token);
            var endpoints = new AzuriteEndpoints(
                await process.ListeningAsync("Azurite Blob", limit.Token),
                await process.ListeningAsync("Azurite Queue", limit.Token),
                await process.ListeningAsync("Azurite Table", limit.Token));
            process.Ignore();
            Write(state with { Endpoints = endpoints }, folder);
            return new AzuriteServer(process, endpoints, folder);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            await process.EndAsync();
            throw new StartupException(
                $"Azurite has not started within {StartLimit.TotalSeconds:0} s: try again when the machine is less busy.", e)
            {
                Kind = FailureKind.Refused,
            };
        }
        catch
        {
            await process.EndAsync();
            throw;
        }
    }

    private static void Write(AzuriteState state, AzuriteFolder? folder)
    {
        if (folder is not null)
        {
            state.Write(folder.Path);
        }
    }

    private static ProcessStartInfo Command(AzuriteOptions options, string? folder, string id)
    {
        // Without this flag it refuses the API version of these SDKs.
        List<string> arguments = [AzuriteInstallation.Launcher, "--silent", "--skipApiVersionCheck", "--disableTelemetry"];
        foreach (var service in Services)
        {
            // Connections are kept open longer than clients keep idle ones, so that none is closed during a request.
            arguments.AddRange([$"--{service}Host", "127.0.0.1", $"--{service}Port", "0", $"--{service}KeepAliveTimeout", "300"]);
        }

        arguments.AddRange(folder is null ? ["--inMemoryPersistence"] : ["--location", folder]);
        var start = new ProcessStartInfo("node", arguments) { WorkingDirectory = folder ?? options.InstallFolder };
        start.Environment["BATCHFUNCTIONS_AZURITE_ID"] = id;
        start.Environment[InstallFolderVariable] = Path.GetFullPath(options.InstallFolder);
        start.Environment["AZURITE_ACCOUNTS"] =
            string.Join(';', options.Accounts.Select(account => $"{account}:{AzuriteEndpoints.KeyOf(account)}"));
        return start;
    }
}
