using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using BatchFunctions.Telemetry;
using Microsoft.Extensions.Configuration;

namespace BatchFunctions.Storage;

/// <summary>
/// The clients of the one storage account, from the settings that the Functions host itself reads:
/// <c>AzureWebJobsStorage</c> (a connection string), or <c>AzureWebJobsStorage__accountName</c>, or the three of
/// <c>__blobServiceUri</c>, <c>__queueServiceUri</c> and <c>__tableServiceUri</c> with a managed identity
/// (<c>__clientId</c> for a user-assigned one).
/// </summary>
public sealed class StorageClients
{
    /// <summary>The name of the connection, as the triggers name it too.</summary>
    public const string Connection = "AzureWebJobsStorage";

    /// <summary>Makes the clients; nothing is asked of storage yet.</summary>
    /// <param name="configuration">Where the connection is read from.</param>
    /// <param name="policies">Added to each client's pipeline, once a try: what a test counts or breaks.</param>
    /// <exception cref="InvalidOperationException">No connection is configured.</exception>
    public StorageClients(IConfiguration configuration, IEnumerable<HttpPipelinePolicy> policies)
        : this(configuration, policies, metrics: null)
    {
    }

    internal StorageClients(IConfiguration configuration, IEnumerable<HttpPipelinePolicy> policies, BatchMetrics? metrics)
    {
        var added = policies.ToArray();
        T With<T>(T options, string service)
            where T : ClientOptions
        {
            options.Retry.MaxRetries = 3;
            options.Retry.Delay = TimeSpan.FromMilliseconds(200);
            options.Retry.MaxDelay = TimeSpan.FromSeconds(3);
            options.Retry.NetworkTimeout = TimeSpan.FromSeconds(30);
            foreach (var policy in added)
            {
                options.AddPolicy(policy, HttpPipelinePosition.PerRetry);
            }

            if (metrics is not null)
            {
                options.AddPolicy(new StorageMetrics(service, metrics), HttpPipelinePosition.PerRetry);
            }

            return options;
        }

        // Queue texts go as they are: host.json says messageEncoding none, since they are JSON already.
        var queueOptions = With(new QueueClientOptions { MessageEncoding = QueueMessageEncoding.None }, "queue");
        var tableOptions = With(new TableClientOptions(), "table");
        tableOptions.AddPolicy(new SendCount.Policy(), HttpPipelinePosition.PerRetry);
        var blobOptions = With(new BlobClientOptions(), "blob");
        var section = configuration.GetSection(Connection);
        if (section.Value is { Length: > 0 } text)
        {
            Tables = new TableServiceClient(text, tableOptions);
            Queues = new QueueServiceClient(text, queueOptions);
            Blobs = new BlobServiceClient(text, blobOptions);
            return;
        }

        var credential = new DefaultAzureCredential(
            new DefaultAzureCredentialOptions { ManagedIdentityClientId = section["clientId"] });
        Uri Service(string setting, string kind) => section[setting] is { Length: > 0 } uri
            ? new Uri(uri)
            : section["accountName"] is { Length: > 0 } account
                ? new Uri($"https://{account}.{kind}.core.windows.net")
                : throw new InvalidOperationException(
                    $"No storage is configured: set {Connection} to a connection string, or {Connection}__accountName (or {Connection}__{setting}) to use a managed identity.");
        Tables = new TableServiceClient(Service("tableServiceUri", "table"), credential, tableOptions);
        Queues = new QueueServiceClient(Service("queueServiceUri", "queue"), credential, queueOptions);
        Blobs = new BlobServiceClient(Service("blobServiceUri", "blob"), credential, blobOptions);
    }

    /// <summary>Tables.</summary>
    public TableServiceClient Tables { get; }

    /// <summary>Queues.</summary>
    public QueueServiceClient Queues { get; }

    /// <summary>Blobs.</summary>
    public BlobServiceClient Blobs { get; }

    /// <summary>Makes every table, queue and container that is not there yet.</summary>
    /// <param name="ct">Ends the wait.</param>
    public async Task CreateAllAsync(CancellationToken ct)
    {
        var tables = TableNames.All.Select(name =>
            (Task)Tables.GetTableClient(name).CreateIfNotExistsAsync(ct));
        var queues = QueueNames.All.Select(name =>
            (Task)Queues.GetQueueClient(name).CreateIfNotExistsAsync(cancellationToken: ct));
        var containers = ContainerNames.All.Select(name =>
            (Task)Blobs.GetBlobContainerClient(name).CreateIfNotExistsAsync(cancellationToken: ct));
        await Task.WhenAll([.. tables, .. queues, .. containers]);
    }
}
