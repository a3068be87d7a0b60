using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using BatchFunctions.Telemetry;
using Microsoft.Extensions.Configuration;

namespace BatchFunctions.Storage;

/// <summary>The clients of the one storage account that <see cref="StorageConnection"/> finds.</summary>
public sealed class StorageClients
{
    /// <summary>The name of the connection, which the triggers use too.</summary>
    public const string Connection = StorageConnection.Name;

    /// <summary>Creates the clients, without sending anything yet.</summary>
    /// <param name="configuration">Where the connection is read from.</param>
    /// <param name="policies">
    /// Added to each client's pipeline, per try; tests count or break requests with them.
    /// </param>
    /// <param name="change">Changes the options of each client last; tests put another storage in the place of the network.</param>
    /// <exception cref="InvalidOperationException">No connection is configured.</exception>
    public StorageClients(
        IConfiguration configuration, IEnumerable<HttpPipelinePolicy> policies, Action<ClientOptions>? change = null)
        : this(configuration, policies, metrics: null, change)
    {
    }

    internal StorageClients(
        IConfiguration configuration, IEnumerable<HttpPipelinePolicy> policies, BatchMetrics? metrics, Action<ClientOptions>? change)
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

            change?.Invoke(options);
            return options;
        }

        // Queue messages are sent unencoded, since they are JSON: host.json sets messageEncoding to none.
        var queueOptions = With(new QueueClientOptions { MessageEncoding = QueueMessageEncoding.None }, "queue");
        var blobOptions = With(new BlobClientOptions(), "blob");
        blobOptions.AddPolicy(new TimeoutBySize(), HttpPipelinePosition.PerCall);
        var connection = new StorageConnection(configuration);
        Tables = connection.OpenTables(With(new TableClientOptions(), "table"));
        Queues = connection.Open(
            "queue", text => new QueueServiceClient(text, queueOptions), (uri, credential) => new QueueServiceClient(uri, credential, queueOptions));
        Blobs = connection.Open(
            "blob", text => new BlobServiceClient(text, blobOptions), (uri, credential) => new BlobServiceClient(uri, credential, blobOptions));
    }

    /// <summary>The client of the account's tables.</summary>
    public TableServiceClient Tables { get; }

    /// <summary>The client of the account's queues.</summary>
    public QueueServiceClient Queues { get; }

    /// <summary>The client of the account's blobs.</summary>
    public BlobServiceClient Blobs { get; }

    /// <summary>Creates all tables, queues and containers that do not exist yet.</summary>
    /// <param name="ct">Cancels the operation.</param>
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
