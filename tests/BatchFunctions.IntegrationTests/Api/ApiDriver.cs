using System.Net.Http.Headers;
using System.Text.Json;
using Azure.Core.Pipeline;
using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Ids;
using BatchFunctions.IntegrationTests.Processing;
using BatchFunctions.Keys;
using BatchFunctions.Storage;
using BatchFunctions.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace BatchFunctions.IntegrationTests.Api;

/// <summary>The API on a real server, without queue handlers: what is asked is what is answered.</summary>
internal sealed class ApiDriver : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ApiDriver(WebApplication app, FaultyStorage storage)
    {
        _app = app;
        Storage = storage;
        Address = new Uri(app.Urls.Single());
    }

    public Uri Address { get; }

    public FaultyStorage Storage { get; }

    /// <summary>Asks with the key of the project <c>local</c>.</summary>
    public HttpClient Client { get; private set; } = new();

    public BatchStore Batches => Get<BatchStore>();

    public static async Task<ApiDriver> StartAsync(
        string connection,
        IReadOnlyDictionary<string, string?>? settings = null,
        Action<IServiceCollection>? configure = null)
    {
        var storage = new FaultyStorage();
        var app = await TestService.ServeAsync(TestService.Settings(connection, others: settings), services =>
        {
            services.AddSingleton<HttpPipelinePolicy>(storage);
            configure?.Invoke(services);
        });
        var driver = new ApiDriver(app, storage);
        driver.Client = await driver.ClientOfAsync("local");
        return driver;
    }

    public T Get<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    public async Task<HttpClient> ClientOfAsync(string project)
    {
        var key = await Get<ApiKeyStore>().CreateAsync(project, "test", CancellationToken.None);
        return ClientWith(key.Key);
    }

    public HttpClient ClientWith(string key)
    {
        var client = new HttpClient { BaseAddress = Address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return client;
    }

    public async Task<JsonElement> GetJsonAsync(string path)
    {
        using var response = await Client.GetAsync(new Uri(path, UriKind.Relative));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{path}: {(int)response.StatusCode} {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    /// <summary>A page of the list.</summary>
    public async Task<(IReadOnlyList<string> Ids, string? LastId, bool HasMore)> PageAsync(string? after, int limit)
    {
        var page = await GetJsonAsync($"/v1/batches?limit={limit}" + (after is null ? "" : $"&after={after}"));
        return (
            [.. page.GetProperty("data").EnumerateArray().Select(batch => batch.GetProperty("id").GetString()!)],
            page.GetProperty("last_id").GetString(),
            page.GetProperty("has_more").GetBoolean());
    }

    public static Batch BatchOf(string tenant, DateTimeOffset at)
    {
        var id = IdKind.Batch.New(at);
        return new Batch(BatchStatus.InProgress)
        {
            Tenant = tenant,
            Id = id,
            Endpoint = "/v1/chat/completions",
            InputFileId = IdKind.File.New(at),
            InputBlob = new BlobLocation("files", "none"),
            CompletionWindow = "24h",
            CreatedAt = IdKind.Batch.CreatedAt(id),
            ExpiresAt = at.AddDays(1),
            ChunkLines = 100,
            ChunkBytes = 1000,
            ChunkTarget = 128,
        };
    }

    public async Task<Batch> AddAsync(DateTimeOffset at, string tenant = "local")
    {
        var batch = BatchOf(tenant, at);
        Assert.NotNull(await Batches.TryInsertAsync(batch, CancellationToken.None));
        return batch;
    }

    /// <summary>Writes a batch as it stands in storage: with its active row where it has not ended.</summary>
    public async Task InsertAsync(Batch batch)
    {
        if (!batch.Status.HasEnded())
        {
            await ActivateAsync(batch);
        }

        Assert.NotNull(await Batches.TryInsertAsync(batch, CancellationToken.None));
    }

    /// <summary>Takes a batch's row away, and nothing else of it.</summary>
    public async Task RemoveRowAsync(BatchKey batch)
    {
        var (partitionKey, rowKey) = BatchRow.KeysOf(batch);
        await Get<StorageClients>().Tables.GetTableClient(TableNames.Batches).DeleteEntityAsync(partitionKey, rowKey);
    }

    /// <summary>Writes the row that a batch has until it has ended and been cleared away.</summary>
    public Task ActivateAsync(Batch batch) =>
        Get<ActiveBatchStore>().InsertAsync(new ActiveBatch(batch.Key, batch.InputFileId, batch.CreatedAt), CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }
}
