using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace BatchFunctions.SelfHost.Azurite;

/// <summary>
/// Azurite on free loopback ports. With a data folder it records its ports there, so that services with folders of
/// their own run side by side, and a later one takes up what a killed one has left running. Where another live process
/// has it, it is shared, and left to that one to end.
/// </summary>
public sealed class AzuriteServer : IAsyncDisposable
{
    private const int Tries = 5;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private readonly AzuriteState _state;
    private readonly AzuriteOptions _options;
    private readonly bool _owned;

    private AzuriteServer(Process process, AzuriteState state, AzuriteOptions options, bool owned)
    {
        _process = process;
        _state = state;
        _options = options;
        _owned = owned;
    }

    /// <summary>The process that serves.</summary>
    public int ProcessId => _process.Id;

    /// <summary>Whether this process ends it.</summary>
    public bool IsOwned => _owned;

    /// <summary>Installs Azurite if need be, and starts it or takes up one that runs.</summary>
    /// <param name="options">Where and how.</param>
    /// <param name="say">Tells the person what takes so long.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="StartupException">It cannot be installed or started.</exception>
    public static async Task<AzuriteServer> StartAsync(
        AzuriteOptions options, Action<string> say, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        await AzuriteInstallation.EnsureAsync(options.InstallFolder, say, cancellationToken);
        if (options.DataFolder is { } folder)
        {
            Directory.CreateDirectory(folder);
            if (AzuriteState.Read(folder) is { } left && await left.FindAsync(cancellationToken) is { } running)
            {
                var shared = left.IsOwned;
                var state = shared ? left : left with { OwnerId = Environment.ProcessId };
                state.Write(folder);
                return new AzuriteServer(running, state, options, owned: !shared);
            }
        }

        for (var attempt = 0; attempt < Tries; attempt++)
        {
            if (await TryStartAsync(options, cancellationToken) is { } server)
            {
                return server;
            }
        }

        throw new StartupException(
            $"Azurite does not start: run 'npx azurite' in {options.InstallFolder} to see why, or delete that folder to have it installed anew.");
    }

    /// <summary>The connection string of an account.</summary>
    /// <param name="account">One of the accounts that it was started with.</param>
    public string ConnectionString(string account = AzuriteOptions.DefaultAccount) =>
        $"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={KeyOf(account)};"
        + $"BlobEndpoint=http://127.0.0.1:{_state.BlobPort}/{account};"
        + $"QueueEndpoint=http://127.0.0.1:{_state.QueuePort}/{account};"
        + $"TableEndpoint=http://127.0.0.1:{_state.TablePort}/{account};";

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_owned)
        {
            await EndAsync(_process);
            if (_options.DataFolder is { } folder)
            {
                AzuriteState.Remove(folder);
            }
        }

        _process.Dispose();
    }

    private static async Task<AzuriteServer?> TryStartAsync(AzuriteOptions options, CancellationToken ct)
    {
        var ports = FreePorts(3);
        var start = new ProcessStartInfo("node")
        {
            WorkingDirectory = options.InstallFolder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] arguments =
        [
            AzuriteInstallation.Launcher, "--skipApiVersionCheck", "--disableTelemetry", "--silent",
            "--blobHost", "127.0.0.1", "--queueHost", "127.0.0.1", "--tableHost", "127.0.0.1",
            "--blobPort", $"{ports[0]}", "--queuePort", $"{ports[1]}", "--tablePort", $"{ports[2]}",
            .. options.DataFolder is { } data ? ["--location", Path.GetFullPath(data)] : new[] { "--inMemoryPersistence" },
        ];
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["AZURITE_ACCOUNTS"] =
            string.Join(';', options.Accounts.Select(account => $"{account}:{KeyOf(account)}"));
        var process = AzuriteInstallation.Start(start);

        // Read to nowhere: a full pipe would stop it.
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var state = new AzuriteState(
            process.Id, process.StartTime.ToUniversalTime(), ports[0], ports[1], ports[2], Environment.ProcessId);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(StartLimit);
        try
        {
            foreach (var port in ports)
            {
                while (!await AzuriteState.AnswersAsync(port, limit.Token))
                {
                    if (process.HasExited)
                    {
                        process.Dispose();
                        return null;
                    }

                    await Task.Delay(50, limit.Token);
                }
            }
        }
        catch (OperationCanceledException)
        {
            await EndAsync(process);
            process.Dispose();
            ct.ThrowIfCancellationRequested();
            return null;
        }

        if (options.DataFolder is { } folder)
        {
            state.Write(folder);
        }

        return new AzuriteServer(process, state, options, owned: true);
    }

    private static async Task EndAsync(Process process)
    {
        if (process.HasExited)
        {
            return;
        }

        if (!OperatingSystem.IsWindows())
        {
            // SIGTERM: it writes its indexes out before it goes.
            using var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]);
            await kill.WaitForExitAsync();
            using var limit = new CancellationTokenSource(EndLimit);
            try
            {
                await process.WaitForExitAsync(limit.Token);
                return;
            }
            catch (OperationCanceledException)
            {
                // It had its time.
            }
        }

        process.Kill();
        await process.WaitForExitAsync();
    }

    private static int[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(listener => listener.Start());
        int[] ports = [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        listeners.ForEach(listener => listener.Dispose());
        return ports;
    }

    /// <summary>An account's key: no secret, since the emulator listens on the loopback address alone.</summary>
    private static string KeyOf(string account) =>
        Convert.ToBase64String(SHA512.HashData(Encoding.UTF8.GetBytes($"azurite/{account}")));
}
