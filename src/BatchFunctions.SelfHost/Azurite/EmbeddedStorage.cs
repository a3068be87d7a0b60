using BatchFunctions.SelfHost.Settings;
using BatchFunctions.Storage;

namespace BatchFunctions.SelfHost.Azurite;

/// <summary>The storage that is there when none is configured: an Azurite of the data folder's own.</summary>
internal static class EmbeddedStorage
{
    /// <summary>
    /// Starts it when the settings name no storage, and puts its connection into them.
    /// </summary>
    /// <exception cref="StartupException">It cannot be started.</exception>
    /// <returns>What to end with the service; null when storage is configured.</returns>
    public static async Task<AzuriteServer?> StartIfNeededAsync(
        IConfigurationRoot settings, string dataFolder, Action<string> say, CancellationToken ct)
    {
        if (SelfHostSettings.HasStorage(settings))
        {
            return null;
        }

        try
        {
            var azurite = await AzuriteServer.StartAsync(
                new AzuriteOptions { InstallFolder = SelfHostSettings.AzuriteFolder, DataFolder = dataFolder }, say, ct);
            settings[StorageClients.Connection] = azurite.ConnectionString();
            return azurite;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException(
                $"The embedded storage cannot write to its folder: {e.Message} Name one that can be written to with --data, or set {StorageClients.Connection} to a storage account.",
                e);
        }
    }
}
