using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using BatchFunctions.Configuration;
using BatchFunctions.Files;
using BatchFunctions.Keys;
using BatchFunctions.Processing;
using BatchFunctions.Storage;
using BatchFunctions.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.IntegrationTests.Files;

/// <summary>The API on a real server, with a tenant of its own and a clock that the test moves.</summary>
internal sealed class FilesHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly string _account;

    private FilesHost(WebApplication app, string account, FakeTimeProvider time, string tenant)
    {
        _app = app;
        _account = account;
        Time = time;
        Tenant = tenant;
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()), Timeout = TimeSpan.FromMinutes(5) };
    }

    public HttpClient Client { get; }

    public FakeTimeProvider Time { get; }

    public string Tenant { get; }

    public Expiry Expiry => _app.Services.GetRequiredService<Expiry>();

    public ExpiringStore Expiring => _app.Services.GetRequiredService<ExpiringStore>();

    public FileBlobs Blobs => _app.Services.GetRequiredService<FileBlobs>();

    public StorageClients Storage => _app.Services.GetRequiredService<StorageClients>();

    public BatchOptions Options => Service<IOptions<BatchOptions>>().Value;

    public T Service<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    public static Task<FilesHost> StartAsync(params (string Name, string Value)[] settings) => StartWithAsync([], settings);

    /// <summary>Starts one with something between it and storage.</summary>
    public static Task<FilesHost> StartWithAsync(HttpPipelinePolicy[] storage, params (string Name, string Value)[] settings) =>
        StartOnAsync(TestStorage.NewStrictAccount(), storage, settings);

    /// <summary>Starts one on an account, with something between it and storage.</summary>
    public static async Task<FilesHost> StartOnAsync(
        string account, HttpPipelinePolicy[] storage, params (string Name, string Value)[] settings)
    {
        var host = await ServeAsync(
            account, new FakeTimeProvider(DateTimeOffset.UtcNow), $"p-{Guid.NewGuid():N}", settings, storage);
        host.Client.DefaultRequestHeaders.Authorization = await host.KeyOfAsync(host.Tenant);
        return host;
    }

    /// <summary>Another process's service on the same storage, with the same clock, tenant and key.</summary>
    /// <param name="storage">What stands between it and storage.</param>
    public async Task<FilesHost> BesideAsync(params HttpPipelinePolicy[] storage)
    {
        var other = await ServeAsync(_account, Time, Tenant, [], storage);
        other.Client.DefaultRequestHeaders.Authorization = Client.DefaultRequestHeaders.Authorization;
        return other;
    }

    private static async Task<FilesHost> ServeAsync(
        string account, FakeTimeProvider time, string tenant, (string Name, string Value)[] settings, params HttpPipelinePolicy[] storage)
    {
        var others = settings.Select(setting => new KeyValuePair<string, string?>(setting.Name, setting.Value));
        var app = await TestService.ServeAsync(TestService.Settings(account, others: others), services =>
        {
            services.AddSingleton<TimeProvider>(time);
            foreach (var policy in storage)
            {
                services.AddSingleton(policy);
            }
        });
        return new FilesHost(app, account, time, tenant);
    }

    /// <summary>A new key of a project, as a request carries it.</summary>
    public async Task<AuthenticationHeaderValue> KeyOfAsync(string tenant)
    {
        var key = await _app.Services.GetRequiredService<ApiKeyStore>().CreateAsync(tenant, "test", default);
        return new AuthenticationHeaderValue("Bearer", key.Key);
    }

    public async Task<Answer> SendAsync(HttpMethod method, string path, HttpContent? content = null, AuthenticationHeaderValue? key = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (key is not null)
        {
            request.Headers.Authorization = key;
        }

        using var response = await Client.SendAsync(request);
        return await Answer.OfAsync(response);
    }

    public Task<Answer> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<Answer> PostAsync(string path, object body) =>
        SendAsync(HttpMethod.Post, path, new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json"));

    public Task<Answer> UploadAsync(string content, string purpose = "batch", string filename = "input.jsonl") =>
        SendAsync(HttpMethod.Post, "v1/files", Forms.Of(Forms.Field("purpose", purpose), Forms.File(content, filename)));

    public async Task<string> UploadedAsync(string content = Forms.Line, string purpose = "batch") =>
        (await UploadAsync(content, purpose)).Should(200).Text("id");

    /// <summary>A batch that reads the file and, since nothing runs here, never ends.</summary>
    public async Task<string> BatchReadingAsync(string fileId) =>
        (await PostAsync(
            "v1/batches",
            new { input_file_id = fileId, endpoint = "/v1/chat/completions", completion_window = "24h" })).Should(200).Text("id");

    /// <summary>All that storage has of the tenant's files and uploads: rows, blobs that are committed, entries.</summary>
    public async Task<IReadOnlyList<string>> StoredAsync()
    {
        var stored = new List<string>();
        foreach (var table in (string[])[TableNames.Files, TableNames.Uploads])
        {
            await foreach (var row in Storage.Tables.GetTableClient(table).QueryAsync<TableEntity>(r => r.PartitionKey == Tenant))
            {
                stored.Add($"{table} row");
            }
        }

        await foreach (var blob in Storage.Blobs.GetBlobContainerClient(ContainerNames.Files).GetBlobsAsync(
            BlobTraits.None, BlobStates.None, Tenant + "/", default))
        {
            stored.Add("blob");
        }

        await foreach (var entry in Expiring.ListDueAsync(DateTimeOffset.MaxValue.AddDays(-1), static (_, _) => { }, default))
        {
            if (entry.Tenant == Tenant)
            {
                stored.Add($"{entry.Kind} entry");
            }
        }

        return stored;
    }

    /// <summary>The blobs of results, those that are not committed included.</summary>
    public async Task<IReadOnlyList<string>> ResultBlobsAsync() =>
        await Storage.Blobs.GetBlobContainerClient(ContainerNames.Batches)
            .GetBlobsAsync(BlobTraits.None, BlobStates.Uncommitted, null, default)
            .Select(blob => blob.Name)
            .ToListAsync();

    /// <summary>The tenant's blobs of which storage keeps blocks that no commit has named.</summary>
    public async Task<IReadOnlyList<string>> StagedAsync()
    {
        var staged = new List<string>();
        var container = Storage.Blobs.GetBlobContainerClient(ContainerNames.Files);
        await foreach (var blob in container.GetBlobsAsync(BlobTraits.None, BlobStates.Uncommitted, Tenant + "/", default))
        {
            var blocks = await container.GetBlockBlobClient(blob.Name).GetBlockListAsync(BlockListTypes.Uncommitted);
            if (blocks.Value.UncommittedBlocks.Any())
            {
                staged.Add(blob.Name);
            }
        }

        return staged;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }
}
