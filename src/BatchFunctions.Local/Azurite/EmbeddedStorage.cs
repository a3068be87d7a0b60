using System.Diagnostics;
using BatchFunctions.SelfHost.Settings;
using BatchFunctions.Storage;

namespace BatchFunctions.SelfHost.Azurite;

/// <summary>The storage that is there when none is configured: an Azurite of the data folder's own.</summary>
internal static class EmbeddedStorage
{
    private static readonly TimeSpan JoinLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(50);

    /// <summary>Starts it when the settings name no storage, and puts its connection into them.</summary>
    /// <exception cref="StartupException">It cannot be started, or another process holds the folder.</exception>
    /// <returns>What to end with the service; null when storage is configured.</returns>
    public static Task<AzuriteServer?> StartIfNeededAsync(
        IConfigurationRoot settings, string dataFolder, Action<string> say, CancellationToken ct) =>
        UseAsync(settings, dataFolder, options => AzuriteServer.StartAsync(options, say, ct)!);

    /// <summary>The same for a command beside the service: the one that serves the folder already is used as it is.</summary>
    /// <exception cref="StartupException">It cannot be started, or the one of another process does not come up.</exception>
    /// <returns>What to end with the command; null when storage is configured, or is another process's.</returns>
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
                e);
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
