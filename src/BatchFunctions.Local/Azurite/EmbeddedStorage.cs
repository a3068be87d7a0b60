using System.Diagnostics;
using BatchFunctions.SelfHost.Settings;
using BatchFunctions.Storage;

namespace BatchFunctions.SelfHost.Azurite;

/// <summary>The storage to use if none is configured: an Azurite on the data folder.</summary>
internal static class EmbeddedStorage
{
    private static readonly TimeSpan JoinLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(50);

    /// <summary>Starts it if the settings name no storage, and adds its connection string to them.</summary>
    /// <exception cref="StartupException">It cannot be started, or another process holds the folder.</exception>
    /// <returns>The server, to be disposed of with the service; null if storage is configured.</returns>
    public static Task<AzuriteServer?> StartIfNeededAsync(
        IConfigurationRoot settings, string dataFolder, Action<string> say, CancellationToken ct) =>
        UseAsync(settings, dataFolder, options => AzuriteServer.StartAsync(options, say, ct)!);

    /// <summary>
    /// Does the same for a command that may run beside the service: if an Azurite serves the folder already, it is
    /// used.
    /// </summary>
    /// <exception cref="StartupException">It cannot be started, or another process's does not become ready.</exception>
    /// <returns>
    /// The server, to be disposed of with the command; null if storage is configured, or another process serves it.
    /// </returns>
    public static Task<AzuriteServer?> JoinIfNeededAsync(
        IConfigurationRoot settings, string dataFolder, Action<string> say, CancellationToken ct) =>
        UseAsync(settings, dataFolder, options => JoinAsync(settings, options, say, ct));

    private static async Task<AzuriteServer?> UseAsync(
        IConfigurationRoot settings, string dataFolder, Func<AzuriteOptions, Task<AzuriteServer?>> start)
    {
        if (SelfHostSettings.HasStorage(settings))
        {
            return null;
        }

        try
        {
            var azurite = await start(
                new AzuriteOptions { InstallFolder = SelfHostSettings.AzuriteFolder, DataFolder = Path.GetFullPath(dataFolder) });
            settings[StorageConnection.Name] = azurite?.ConnectionString() ?? settings[StorageConnection.Name];
            return azurite;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException(
                $"The embedded storage cannot write to its folder: {e.Message} Name one that can be written to with --data, or set {StorageConnection.Name} to a storage account.",
                e)
            {
                Kind = FailureKind.LocalFile,
            };
        }
    }

    private static async Task<AzuriteServer?> JoinAsync(
        IConfigurationRoot settings, AzuriteOptions options, Action<string> say, CancellationToken ct)
    {
        var path = options.DataFolder!;
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < JoinLimit)
        {
            if (await AzuriteFolder.TryTakeAsync(path, ct) is { } folder)
            {
                return await AzuriteServer.StartAsync(options, folder, say, ct);
            }

            if (AzuriteState.Read(path) is { Endpoints: { } endpoints } state && await state.IsAliveAsync(ct))
            {
                settings[StorageConnection.Name] = endpoints.ConnectionString(AzuriteOptions.DefaultAccount);
                return null;
            }

            // Its process is just starting or ending.
            await Task.Delay(Gap, ct);
        }

        throw AzuriteFolder.InUse(path);
    }
}
