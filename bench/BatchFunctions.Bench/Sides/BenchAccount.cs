using System.Globalization;
using System.Net.Http.Headers;
using Azure.Data.Tables;
using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Ids;
using BatchFunctions.Keys;
using BatchFunctions.Lines;
using BatchFunctions.Storage;
using BatchFunctions.Testing;
using Microsoft.Extensions.Configuration;

namespace BatchFunctions.Bench.Sides;

/// <summary>A storage account with all that the service keeps in it, a build of the self-host that serves it, and a key.</summary>
internal sealed class BenchAccount
{
    public const string Tenant = "bench";

    private const int GroupSize = 100;
    private const int GroupsAtOnce = 8;

    private readonly StorageClients _storage;
    private readonly SelfHostBuild _build;
    private readonly string _key;

    private BenchAccount(string connection, StorageClients storage, SelfHostBuild build, string key)
    {
        Connection = connection;
        _storage = storage;
        _build = build;
        _key = key;
    }

    public string Connection { get; }

    /// <summary>One whose batches this program may write itself, as the version that it was built with has them.</summary>
    /// <param name="connection">The account's connection string.</param>
    /// <param name="ct">Ends it.</param>
    public static async Task<BenchAccount> CreateAsync(string connection, CancellationToken ct)
    {
        var settings = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { [StorageClients.Connection] = connection }).Build();
        var storage = new StorageClients(settings, [], TestService.WayTo(connection));
        await storage.CreateAllAsync(ct);
        var key = await new ApiKeyStore(storage.Tables, TimeProvider.System).CreateAsync(Tenant, "bench", ct);
        return new BenchAccount(connection, storage, SelfHostBuild.This, key.Key);
    }

    /// <summary>One of a build of any version: all that is in it the build itself has made.</summary>
    /// <param name="connection">The account's connection string.</param>
    /// <param name="build">The build.</param>
    /// <param name="ct">Ends it.</param>
    public static async Task<BenchAccount> CreateAsync(string connection, SelfHostBuild build, CancellationToken ct)
    {
        var settings = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { [StorageClients.Connection] = connection }).Build();
        var key = await build.AddKeyAsync(connection, Tenant, ct);
        return new BenchAccount(connection, new StorageClients(settings, []), build, key);
    }

    /// <summary>Starts a process of the build, and waits until it listens.</summary>
    /// <inheritdoc cref="SelfHostBuild.StartAsync"/>
    public Task<ChildProcess> StartAsync(Uri upstream, params (string Name, string Value)[] settings) =>
        _build.StartAsync(Connection, upstream, settings);

    /// <summary>A client of the service with a key of another project.</summary>
    public async Task<HttpClient> ClientOfAsync(Uri service, string project, CancellationToken ct) =>
        ClientOf(service, await _build.AddKeyAsync(Connection, project, ct));

    /// <summary>A client of the service with the account's key.</summary>
    public HttpClient ClientOf(Uri service) => ClientOf(service, _key);

    private static HttpClient ClientOf(Uri service, string key)
    {
        var client = new HttpClient { BaseAddress = service, Timeout = TimeSpan.FromMinutes(10) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return client;
    }

    /// <summary>
    /// Whether all chunks of a batch which have not ended are in hand: held by the given process, or free with a message sent for
    /// them after their last holder was gone.
    /// </summary>
    public async Task<bool> IsInHandAsync(string batchId, int process, CancellationToken ct)
    {
        var holder = process.ToString(CultureInfo.InvariantCulture);
        return await new ChunkStore(_storage)
            .ListAsync(batchId, ct)
            .Where(chunk => !chunk.Ended)
            .AllAsync(chunk => chunk.Owner is { } owner ? owner.Split('|')[1] == holder : chunk.Wakes > 0, ct);
    }

    /// <summary>Writes batches that have ended, a second apart.</summary>
    /// <returns>Their ids, the newest first.</returns>
    public Task<IReadOnlyList<string>> SeedAsync(int count, CancellationToken ct) =>
        SeedAsync(count, DateTimeOffset.UtcNow, static (_, batch) => batch, ct);

    /// <summary>Writes batches, a second apart, and the active rows of those that have not ended.</summary>
    /// <param name="count">How many.</param>
    /// <param name="newest">When the newest was made.</param>
    /// <param name="change">Makes of one that has ended, and of its place in the list, what is written: all of one project.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>Their ids, the newest first.</returns>
    public async Task<IReadOnlyList<string>> SeedAsync(int count, DateTimeOffset newest, Func<int, Batch, Batch> change, CancellationToken ct)
    {
        var ids = new string[count];
        var table = _storage.Tables.GetTableClient(TableNames.Batches);
        var active = new ActiveBatchStore(_storage);
        await Parallel.ForEachAsync(
            Enumerable.Range(0, count).Chunk(GroupSize),
            new ParallelOptions { MaxDegreeOfParallelism = GroupsAtOnce, CancellationToken = ct },
            async (numbers, token) =>
            {
                var group = numbers.Select(number => change(number, BatchAt(newest.AddSeconds(-number)))).ToList();
                foreach (var (number, batch) in numbers.Zip(group))
                {
                    ids[number] = batch.Id;
                    if (!batch.Status.HasEnded())
                    {
                        await active.InsertAsync(new ActiveBatch(batch.Key, batch.InputFileId, batch.CreatedAt), token);
                    }
                }

                // On a machine that is busy a request may be sent twice.
                await table.SubmitTransactionAsync(
                    group.Select(batch => new TableTransactionAction(TableTransactionActionType.UpsertReplace, BatchRow.ToRow(batch))), token);
            });
        return ids;
    }

    /// <summary>A batch that was made at a time and has ended.</summary>
    public static Batch BatchAt(DateTimeOffset at)
    {
        var id = IdKind.Batch.New(at);
        var input = IdKind.File.New(at);
        return new Batch(BatchStatus.Completed)
        {
            Tenant = Tenant,
            Id = id,
            Endpoint = "/v1/chat/completions",
            Model = "bench",
            InputFileId = input,
            InputBlob = new BlobLocation(ContainerNames.Files, $"{Tenant}/{input}"),
            InputBytes = 1_000_000,
            OutputFileId = IdKind.File.New(at),
            CompletionWindow = "24h",
            CreatedAt = IdKind.Batch.CreatedAt(id),
            ExpiresAt = at.AddDays(1),
            InProgressAt = at.AddSeconds(3),
            FinalizingAt = at.AddMinutes(5),
            CompletedAt = at.AddMinutes(6),
            ProgressAt = at.AddMinutes(5),
            Counts = new RequestCounts(1000, 1000, 0),
            Usage = new TokenUsage(1_000_000, 0, 100_000, 0),
            ChunkLines = 100,
            ChunkBytes = 8 * 1024 * 1024,
            ChunkTarget = 128,
            ChunkCount = 10,
            Metadata = new Dictionary<string, string> { ["team"] = "reports", ["run"] = "nightly" },
        };
    }
}
