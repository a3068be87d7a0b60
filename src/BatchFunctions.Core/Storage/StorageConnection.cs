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
    /// <summary>The name of the connection, which the triggers use too.</summary>
    public const string Name = "AzureWebJobsStorage";

    private readonly IConfigurationSection _section = configuration.GetSection(Name);
    private TokenCredential? _credential;

    /// <summary>How long a try of a request that sends little may take.</summary>
    internal static readonly TimeSpan UsualTimeout = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Sets how requests to storage are retried: three times, with a backoff of 0.2 to 3 s, and 30 s for each try.
    /// </summary>
    /// <param name="options">The client options to change.</param>
    public static void SetRetries(ClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Retry.MaxRetries = 3;
        options.Retry.Delay = TimeSpan.FromMilliseconds(200);
        options.Retry.MaxDelay = TimeSpan.FromSeconds(3);
        options.Retry.NetworkTimeout = UsualTimeout;
    }

    /// <summary>Creates a client for the account's tables, without sending anything yet.</summary>
    /// <exception cref="InvalidOperationException">No connection is configured.</exception>
    public TableServiceClient OpenTables()
    {
        var options = new TableClientOptions();
        SetRetries(options);
        return OpenTables(options);
    }

    /// <summary>Creates a client for the account's tables with the given options.</summary>
    /// <param name="options">The client options, to which <see cref="SendCount.Policy"/> is added.</param>
    /// <exception cref="InvalidOperationException">No connection is configured.</exception>
    public TableServiceClient OpenTables(TableClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.AddPolicy(new SendCount.Policy(), HttpPipelinePosition.PerRetry);
        return Open("table", text => new TableServiceClient(text, options), (uri, credential) => new TableServiceClient(uri, credential, options));
    }

    /// <summary>Creates a client for one of the account's services.</summary>
    /// <param name="kind">
    /// The service, as named in settings and host names: <c>blob</c>, <c>queue</c> or <c>table</c>.
    /// </param>
    /// <param name="byText">Creates the client from a connection string.</param>
    /// <param name="byIdentity">Creates the client from an address and a credential.</param>
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
