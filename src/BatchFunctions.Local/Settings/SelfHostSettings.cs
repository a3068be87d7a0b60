using System.Text.Json;
using BatchFunctions.Storage;

namespace BatchFunctions.SelfHost.Settings;

/// <summary>
/// The settings of the self-host and of the keys commands. The command line overrides the environment, which overrides
/// <c>local.settings.json</c> (its "Values", as Core Tools reads them).
/// </summary>
internal static class SelfHostSettings
{
    private const string FileName = "local.settings.json";
    private const string Marker = "BatchFunctions.sln";
    private const string DataFolderName = ".batchfunctions";

    /// <summary>The project's folder, or the current folder if the program runs outside of the project.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The data folder unless an option names another.</summary>
    public static string DefaultDataFolder => Path.Combine(Root, DataFolderName, "data");

    /// <summary>Where Azurite is installed, once for every data folder.</summary>
    public static string AzuriteFolder => Path.Combine(Root, DataFolderName, "azurite-3.37.0");

    /// <summary>Reads the settings.</summary>
    /// <param name="overrides">Settings that take precedence over file and environment.</param>
    /// <exception cref="StartupException">The file is not a valid settings file.</exception>
    public static IConfigurationRoot Read(IReadOnlyDictionary<string, string?>? overrides = null) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(ReadFile())
            .AddEnvironmentVariables()
            .AddInMemoryCollection(overrides ?? new Dictionary<string, string?>())
            .Build();

    /// <summary>Whether the settings name a storage account, by a connection string or by an address.</summary>
    public static bool HasStorage(IConfiguration configuration) =>
        configuration.GetSection(StorageConnection.Name).AsEnumerable().Any(setting => !string.IsNullOrEmpty(setting.Value));

    /// <summary>
    /// The settings that name an account. A connection string is taken as it is; the address of any of the account's
    /// services stands for all three services, opened with the signed-in identity.
    /// </summary>
    /// <exception cref="StartupException">The text is neither.</exception>
    public static IReadOnlyDictionary<string, string?> OfStorage(string storage)
    {
        if (storage.Contains('=', StringComparison.Ordinal))
        {
            return new Dictionary<string, string?> { [StorageConnection.Name] = storage };
        }

        // ACCOUNT.table.core.windows.net, or with a DNS zone ACCOUNT.z01.table.storage.azure.net.
        var labels = Uri.TryCreate(storage, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps ? uri.Host.Split('.') : [];
        var service = Array.FindIndex(labels, label => label is "blob" or "queue" or "table");
        if (service < 1)
        {
            throw new StartupException(
                $"'{storage}' names no storage: give a connection string, or an address such as https://ACCOUNT.table.core.windows.net.");
        }

        string Service(string kind) => $"https://{string.Join('.', [.. labels[..service], kind, .. labels[(service + 1)..]])}";
        return new Dictionary<string, string?>
        {
            [StorageConnection.Name] = null,
            [$"{StorageConnection.Name}:tableServiceUri"] = Service("table"),
            [$"{StorageConnection.Name}:queueServiceUri"] = Service("queue"),
            [$"{StorageConnection.Name}:blobServiceUri"] = Service("blob"),
        };
    }

    private static Dictionary<string, string?> ReadFile()
    {
        var path = new[] { Directory.GetCurrentDirectory(), Root }
            .Select(folder => Path.Combine(folder, FileName))
            .FirstOrDefault(File.Exists);
        if (path is null)
        {
            return [];
        }

        try
        {
            using var document = JsonDocument.Parse(
                File.ReadAllBytes(path),
                new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            return document.RootElement.TryGetProperty("Values", out var values) ? Settings(values) : [];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new StartupException($"{path} is not valid: {e.Message} Compare it with local.settings.sample.json.", e);
        }
    }

    /// <exception cref="InvalidOperationException">A name stands there twice: which value holds nobody could tell.</exception>
    private static Dictionary<string, string?> Settings(JsonElement values)
    {
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var value in values.EnumerateObject())
        {
            if (!settings.TryAdd(value.Name.Replace("__", ":", StringComparison.Ordinal), value.Value.ToString()))
            {
                throw new InvalidOperationException($"It has {value.Name} twice.");
            }
        }

        return settings;
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, Marker)))
            {
                return folder.FullName;
            }
        }

        return Directory.GetCurrentDirectory();
    }
}
