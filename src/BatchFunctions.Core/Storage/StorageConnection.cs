using Azure.Core;
using Azure.Data.Tables;
using Azure.Identity;
using Microsoft.Extensions.Configuration;

namespace BatchFunctions.Storage;

/// <summary>
/// The one storage account, from the settings that the Functions host itself reads: <c>AzureWebJobsStorage</c> (a connection
/// string), or <c>AzureWebJobsStorage__accountName</c>, or the three of <c>__blobServiceUri</c>, <c>__queueServiceUri</c> and
/// <c>__tableServiceUri</c> with a managed identity (<c>__clientId</c> for a user-assigned one).
/// </summary>
/// <param name="configuration">Where the connection is read from.</param>
public sealed class StorageConnection(IConfiguration configuration)
{
    /// <summary>The name of the connection, as the triggers name it too.</summary>
    public const string Name = "AzureWebJobsStorage";

    private readonly IConfigurationSection _section = configuration.GetSection(Name);
    private TokenCredential? _credential;

    /// <summary>How requests to storage are tried again.</summary>
    /// <param name="options">The options of a client.</param>
    public static void SetRetries(ClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Retry.MaxRetries = 3;
        options.Retry.Delay = TimeSpan.FromMilliseconds(200);
        options.Retry.MaxDelay = TimeSpan.FromSeconds(3);
        options.Retry.NetworkTimeout = TimeSpan.FromSeconds(30);
    }

    /// <summary>Makes the client of the account's tables alone; nothing is asked of storage yet.</summary>
    /// <exception cref="InvalidOperationException">No connection is configured.</exception>
    public TableServiceClient OpenTables()
    {
        var options = new TableClientOptions();
        SetRetries(options);
        return OpenTables(options);
    }

    /// <summary>The same, with options.</summary>
    /// <param name="options">Options, to which the count of what is sent is added.</param>
    /// <exception cref="InvalidOperationException">No connection is configured.</exception>
    public TableServiceClient OpenTables(TableClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.AddPolicy(new SendCount.Policy(), HttpPipelinePosition.PerRetry);
        return Open("table", text => new TableServiceClient(text, options), (uri, credential) => new TableServiceClient(uri, credential, options));
    }

    /// <summary>Makes the client of one of the account's services.</summary>
    /// <param name="kind">The service, as it stands in the names of settings and hosts.</param>
    /// <param name="byText">Makes it of a connection string.</param>
    /// <param name="byIdentity">Makes it of an address and an identity.</param>
    /// <exception cref="InvalidOperationException">No connection is configured.</exception>
    internal T Open<T>(string kind, Func<string, T> byText, Func<Uri, TokenCredential, T> byIdentity)
    {
        if (_section.Value is { Length: > 0 } text)
        {
            return byText(text);
        }

        _credential ??= new DefaultAzureCredential(
            new DefaultAzureCredentialOptions { ManagedIdentityClientId = _section["clientId"] });
        return byIdentity(AddressOf(kind), _credential);
    }

    private Uri AddressOf(string kind)
    {
        var setting = $"{kind}ServiceUri";
        return _section[setting] is { Length: > 0 } uri
            ? new Uri(uri)
            : _section["accountName"] is { Length: > 0 } account
                ? new Uri($"https://{account}.{kind}.core.windows.net")
                : throw new InvalidOperationException(
                    $"No storage is configured: set {Name} to a connection string, or {Name}__accountName (or {Name}__{setting}) to use a managed identity.");
    }
}
