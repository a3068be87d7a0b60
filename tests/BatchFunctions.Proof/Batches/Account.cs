using System.Text;
using System.Text.Json;
using BatchFunctions.Batches;
using BatchFunctions.Files;
using BatchFunctions.Keys;
using BatchFunctions.Storage;
using BatchFunctions.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace BatchFunctions.Proof.Batches;

/// <summary>A storage account as the proof itself uses it, beside the workers: stores of its own, and no worker.</summary>
internal sealed class Account : IAsyncDisposable
{
    public const string Tenant = "proof";

    private readonly ServiceProvider _services;

    private Account(ServiceProvider services, string key)
    {
        _services = services;
        Key = key;
    }

    /// <summary>An API key of <see cref="Tenant"/>.</summary>
    public string Key { get; }

    public StorageClients Storage => Get<StorageClients>();

    public BatchStore Batches => Get<BatchStore>();

    /// <summary>Opens an account and makes what the service keeps in it.</summary>
    public static async Task<Account> OpenAsync(IReadOnlyDictionary<string, string?> settings)
    {
        var provider = await TestService.BuildAsync(settings);
        var key = await provider.GetRequiredService<ApiKeyStore>().CreateAsync(Tenant, "proof", CancellationToken.None);
        return new Account(provider, key.Key);
    }

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    /// <summary>Stores an input whose lines carry the name, so that the upstream counts the calls of each.</summary>
    /// <returns>The file's id.</returns>
    public async Task<string> UploadAsync(string name, int lines, bool isValid = true)
    {
        var text = InputLines.Chats(lines, line => MarkerOf(name, line));
        var file = await StoredFiles.StoreAsync(_services, Tenant, Encoding.UTF8.GetBytes(isValid ? text : text + "no JSON\n"));
        return file.Id;
    }

    /// <summary>Reads an output or error file.</summary>
    public Task<(IReadOnlyList<JsonElement> Lines, long Bytes)> ReadAsync(StoredFile file) => StoredFiles.ReadAsync(_services, file);

    /// <inheritdoc cref="StoredFiles.BlobsOfAsync"/>
    public Task<IReadOnlyList<string>> BlobsOfAsync(StoredFile file) => StoredFiles.BlobsOfAsync(_services, file);

    /// <inheritdoc cref="StoredFiles.BytesAsync"/>
    public Task<byte[]> BytesAsync(StoredFile file) => StoredFiles.BytesAsync(_services, file);

    /// <summary>Makes a batch without a worker's help.</summary>
    public async Task<Batch> CreateAsync(string fileId, IReadOnlyDictionary<string, string> metadata) =>
        await Get<BatchCreation>().TryCreateAsync(
            new NewBatch(Tenant, fileId, InputLines.Endpoint, "24h", metadata, null), CancellationToken.None)
        ?? throw new InvalidOperationException("The input file is not there.");

    /// <summary>All batches, the newest first.</summary>
    public async Task<IReadOnlyList<Batch>> ListAsync()
    {
        var all = new List<Batch>();
        BatchPage page;
        do
        {
            page = await Batches.ListAsync(Tenant, all.LastOrDefault()?.Id, 100, CancellationToken.None);
            all.AddRange(page.Batches);
        }
        while (page.HasMore);
        return all;
    }

    /// <summary>What a line's body is known by at the upstream.</summary>
    public static string MarkerOf(string name, int line) => $"{name}-{line}";

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
