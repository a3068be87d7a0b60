using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace BatchFunctions.SelfHost.Azurite;

/// <summary>
/// Azurite on free loopback ports. With a data folder it records its process and ports there, so that services with
/// folders of their own run side by side, and a later one takes up what a killed one has left running. Processes with
/// the same folder share it, and the last of them to go ends it, whoever started it. When all of them were killed, it
/// ends by itself after <see cref="AzuriteOptions.IdleLimit"/> without a request.
/// </summary>
/// <remarks>
/// Two locks in the data folder make that safe: <c>azurite.lock</c> is held alone by whoever looks for the process,
/// starts it or ends it; <c>azurite.users</c> is held together by all who use it, until they go or die.
/// </remarks>
public sealed class AzuriteServer : IAsyncDisposable
{
    private const int Tries = 5;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan TakeUpLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(50);

    /// <summary>Often enough that one in use never looks idle, however seldom its user asks something of it.</summary>
    private static readonly TimeSpan KeepAwake = TimeSpan.FromMinutes(1);

    private static readonly string[] Services = ["blob", "queue", "table"];
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(5) };

    private readonly AzuriteProcess _process;
    private readonly AzuriteState _state;
    private readonly string? _folder;
    private readonly FolderLock? _use;
    private readonly Timer _keepAwake;

    private AzuriteServer(AzuriteProcess process, AzuriteState state, string? folder, FolderLock? use)
    {
        _process = process;
        _state = state;
        _folder = folder;
        _use = use;
        _keepAwake = new Timer(_ => _ = state.AnswersAsync(Http, CancellationToken.None), null, KeepAwake, KeepAwake);
    }

    /// <summary>The process that serves.</summary>
    public int ProcessId => _state.ProcessId;

    /// <summary>Installs Azurite if need be, and starts it or takes up one that runs.</summary>
    /// <param name="options">Where and how.</param>
    /// <param name="say">Tells the person what takes so long.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="StartupException">It cannot be installed or started.</exception>
    public static async Task<AzuriteServer> StartAsync(
        AzuriteOptions options, Action<string> say, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(say);
        if (options.DataFolder is null)
        {
            var (unshared, own) = await StartNewAsync(options, null, say, cancellationToken);
            return new AzuriteServer(unshared, own, null, null);
        }

        var folder = Path.GetFullPath(options.DataFolder);
        Directory.CreateDirectory(folder);
        using var alone = await FolderLock.TakeAsync(LockIn(folder), cancellationToken);
        var (process, state) = await TakeUpAsync(options, folder, cancellationToken)
            ?? await StartNewAsync(options, folder, say, cancellationToken);
        var use = FolderLock.TryShare(UsersIn(folder))
            ?? throw new StartupException($"{UsersIn(folder)} is held by another program: end that, or name another folder with --data.");
        return new AzuriteServer(process, state, folder, use);
    }

    /// <summary>The connection string of an account.</summary>
    /// <param name="account">One of the accounts that it was started with.</param>
    public string ConnectionString(string account = AzuriteOptions.DefaultAccount) =>
        $"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={KeyOf(account)};"
        + string.Concat(_state.Services.Select(service =>
            $"{service.Service}Endpoint=http://127.0.0.1:{service.Port}/{account};"));

    /// <summary>Lets go of it; the last to do so ends it.</summary>
    public async ValueTask DisposeAsync()
    {
        await _keepAwake.DisposeAsync();
        if (_folder is null)
        {
            await _process.EndAsync();
            return;
        }

        using var alone = await FolderLock.TakeAsync(LockIn(_folder), CancellationToken.None);
        _use?.Dispose();
        using var last = FolderLock.TryTake(UsersIn(_folder));
        if (last is not null)
        {
            await _process.EndAsync();
            AzuriteState.Remove(_folder);
        }
    }

    /// <summary>Finds the process that serves the folder. One that does not answer, or has other accounts, is ended.</summary>
    private static async Task<(AzuriteProcess Process, AzuriteState State)?> TakeUpAsync(
        AzuriteOptions options, string folder, CancellationToken ct)
    {
        if (AzuriteState.Read(folder) is not { } state || AzuriteProcess.Find(state) is not { } process)
        {
            return null;
        }

        if (state.Accounts.SequenceEqual(options.Accounts) && await IsReadyAsync(process, state, TakeUpLimit, ct))
        {
            return (process, state);
        }

        await process.EndAsync();
        return null;
    }

    private static async Task<(AzuriteProcess Process, AzuriteState State)> StartNewAsync(
        AzuriteOptions options, string? folder, Action<string> say, CancellationToken ct)
    {
        await AzuriteInstallation.EnsureAsync(Path.GetFullPath(options.InstallFolder), say, ct);
        for (var attempt = 1; ; attempt++)
        {
            var ports = FreePorts(3);
            var process = AzuriteProcess.Start(Command(options, folder, ports));
            var ready = false;
            try
            {
                var state = new AzuriteState(process.Id, process.StartedAt, ports[0], ports[1], ports[2], [.. options.Accounts]);
                if (folder is not null)
                {
                    // Before it answers: should we be killed now, the next run finds it all the same.
                    state.Write(folder);
                }

                ready = await IsReadyAsync(process, state, StartLimit, ct);
                if (ready)
                {
                    return (process, state);
                }
            }
            catch (InvalidOperationException) when (process.HasEnded)
            {
                // It ended before its start time could be read.
            }
            finally
            {
                if (!ready)
                {
                    await process.EndAsync();
                }
            }

            // Another program may have taken one of the ports in the meantime.
            if (attempt == Tries || !process.Said.Contains("EADDRINUSE", StringComparison.Ordinal))
            {
                throw new StartupException(
                    $"Azurite does not start ({(process.Said is { Length: > 0 } said ? said : "it says nothing")}): Node.js must be 20 or newer; delete {options.InstallFolder} to have Azurite installed anew.");
            }
        }
    }

    private static ProcessStartInfo Command(AzuriteOptions options, string? folder, int[] ports)
    {
        // It refuses the API version that these SDKs speak unless it is told not to look at it.
        List<string> arguments = [AzuriteInstallation.Launcher, "--silent", "--skipApiVersionCheck", "--disableTelemetry"];
        foreach (var (service, port) in Services.Zip(ports))
        {
            // Connections are kept longer than clients keep idle ones, so that none is closed under a request.
            arguments.AddRange(
            [
                $"--{service}Host", "127.0.0.1",
                $"--{service}Port", port.ToString(CultureInfo.InvariantCulture),
                $"--{service}KeepAliveTimeout", "300",
            ]);
        }

        arguments.AddRange(folder is null ? ["--inMemoryPersistence"] : ["--location", folder]);
        var start = new ProcessStartInfo("node", arguments) { WorkingDirectory = folder ?? options.InstallFolder };
        start.Environment["BATCHFUNCTIONS_AZURITE_IDLE_SECONDS"] = options.IdleLimit.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
        start.Environment["BATCHFUNCTIONS_AZURITE_FOLDER"] = Path.GetFullPath(options.InstallFolder);
        start.Environment["AZURITE_ACCOUNTS"] =
            string.Join(';', options.Accounts.Select(account => $"{account}:{KeyOf(account)}"));
        return start;
    }

    private static async Task<bool> IsReadyAsync(
        AzuriteProcess process, AzuriteState state, TimeSpan limit, CancellationToken ct)
    {
        var start = Stopwatch.GetTimestamp();
        while (!process.HasEnded && Stopwatch.GetElapsedTime(start) < limit)
        {
            if (await state.AnswersAsync(Http, ct))
            {
                return true;
            }

            await Task.Delay(Gap, ct);
        }

        return false;
    }

    private static int[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(listener => listener.Start());
        int[] ports = [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        listeners.ForEach(listener => listener.Dispose());
        return ports;
    }

    private static string LockIn(string folder) => Path.Combine(folder, "azurite.lock");

    private static string UsersIn(string folder) => Path.Combine(folder, "azurite.users");

    /// <summary>An account's key: no secret, since the emulator listens on the loopback address alone.</summary>
    private static string KeyOf(string account) =>
        Convert.ToBase64String(SHA512.HashData(Encoding.UTF8.GetBytes($"azurite/{account}")));
}
