using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using BatchFunctions.Telemetry;
using Microsoft.Extensions.Configuration;

namespace BatchFunctions.Storage;

/// <summary>The clients of the one storage account, as <see cref="StorageConnection"/> finds it.</summary>
public sealed class StorageClients
{
    /// <summary>The name of the connection, as the triggers name it too.</summary>
    public const string Connection = StorageConnection.Name;

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
            StorageConnection.SetRetries(options);
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
        var blobOptions = With(new BlobClientOptions(), "blob");
        var connection = new StorageConnection(configuration);
        Tables = connection.OpenTables(With(new TableClientOptions(), "table"));
        Queues = connection.Open(
            "queue", text => new QueueServiceClient(text, queueOptions), (uri, credential) => new QueueServiceClient(uri, credential, queueOptions));
        Blobs = connection.Open(
            "blob", text => new BlobServiceClient(text, blobOptions), (uri, credential) => new BlobServiceClient(uri, credential, blobOptions));
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
