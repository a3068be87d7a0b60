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
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Configuration;

namespace BatchFunctions.Bench.Sides;

/// <summary>A storage account with all that the service keeps in it, and a key.</summary>
internal sealed class BenchAccount
{
    public const string Tenant = "bench";

    private const int GroupSize = 100;
    private const int GroupsAtOnce = 8;

    private readonly StorageClients _storage;
    private readonly string _key;

    private BenchAccount(string connection, StorageClients storage, string key)
    {
        Connection = connection;
        _storage = storage;
        _key = key;
    }

    public string Connection { get; }

    public static async Task<BenchAccount> CreateAsync(string connection, CancellationToken ct)
    {
        var settings = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { [StorageClients.Connection] = connection }).Build();
        var storage = new StorageClients(settings, [], TestService.WayTo(connection));
        await storage.CreateAllAsync(ct);
        var key = await new ApiKeyStore(storage.Tables, TimeProvider.System).CreateAsync(Tenant, "bench", ct);
        return new BenchAccount(connection, storage, key.Key);
    }

    /// <summary>A client of the service with a key of another project.</summary>
    public async Task<HttpClient> ClientOfAsync(Uri service, string project, CancellationToken ct) =>
        ClientOf(service, (await new ApiKeyStore(_storage.Tables, TimeProvider.System).CreateAsync(project, project, ct)).Key);

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

    /// <summary>
    /// Writes batches of one line that wait for the upstream named <c>default</c>, as the service leaves them: made an hour ago, the one
    /// chunk given up, the active row at rest until the deadline. Some have a message instead.
    /// </summary>
    /// <param name="count">How many.</param>
    /// <param name="withMessage">How many of them have a message.</param>
    /// <param name="ct">Cancels the operation.</param>
    public async Task SeedWaitingAsync(int count, int withMessage, CancellationToken ct)
    {
        var line = """{"custom_id":"line-0","method":"POST","url":"/v1/chat/completions","body":{"model":"bench","messages":[{"role":"user","content":"hello"}]}}"""u8.ToArray();
        var input = new BlobLocation(ContainerNames.Files, $"{Tenant}/input");
        await _storage.Blobs.GetBlobContainerClient(input.Container).GetBlobClient(input.Name).UploadAsync(new BinaryData(line), overwrite: true, ct);
        var began = DateTimeOffset.UtcNow.AddHours(-1);
        var batches = Enumerable.Range(0, count).Select(number => WaitingAt(began.AddMilliseconds(number), input, line.Length)).ToList();
        await InsertAsync(TableNames.Batches, [.. batches.Select(BatchRow.ToRow)], ct);
        await InsertAsync(TableNames.ActiveBatches, [.. batches.Select((batch, number) => ActiveRowOf(batch, number < withMessage))], ct);
        await Parallel.ForEachAsync(
            batches,
            new ParallelOptions { MaxDegreeOfParallelism = 2 * GroupsAtOnce, CancellationToken = ct },
            async (batch, token) => await new ChunkStore(_storage).TryInsertAsync(
                new Chunk { Batch = batch.Key, Number = 0, Offset = 0, Length = line.Length, Lines = 1, LinesBefore = 0 }.Claim(began).Release(began), token));
        var queue = _storage.Queues.GetQueueClient(QueueNames.Chunk);
        foreach (var batch in batches.Take(withMessage))
        {
            await queue.SendMessageAsync(BatchMessage.OfChunk(batch.Key, 0).ToString(), timeToLive: TimeSpan.FromSeconds(-1), cancellationToken: ct);
        }
    }

    private async Task InsertAsync(string table, IReadOnlyList<TableEntity> rows, CancellationToken ct) => await Parallel.ForEachAsync(
        rows.Chunk(GroupSize),
        new ParallelOptions { MaxDegreeOfParallelism = GroupsAtOnce, CancellationToken = ct },
        async (group, token) => await _storage.Tables.GetTableClient(table).SubmitTransactionAsync(
            group.Select(row => new TableTransactionAction(TableTransactionActionType.Add, row)), token));

    private static TableEntity ActiveRowOf(Batch batch, bool hasMessage)
    {
        var row = ActiveBatchRow.NewOf(new ActiveBatch(batch.Key, batch.InputFileId, batch.CreatedAt) { Status = batch.Status.Wire(), Lines = 1 });
        row[TableWrites.Version] = TableWrites.CurrentVersion;
        if (!hasMessage)
        {
            row[ActiveBatchRow.LookAt] = batch.ExpiresAt;
            row[ActiveBatchRow.ProgressAt] = batch.CreatedAt;
            row[ActiveBatchRow.Waiting] = ActiveBatchRow.Joined([0]);
            row[ActiveBatchRow.WaitsFor] = "default";
            row[ActiveBatchRow.WaitsSince] = batch.CreatedAt;
        }

        return row;
    }

    private static Batch WaitingAt(DateTimeOffset at, BlobLocation input, int bytes) => BatchAt(at, BatchStatus.InProgress) with
    {
        InputBlob = input,
        InputBytes = bytes,
        OutputFileId = null,
        FinalizingAt = null,
        CompletedAt = null,
        ProgressAt = null,
        Counts = new RequestCounts(1, 0, 0),
        Usage = default,
        ChunkCount = 1,
        ChunkWindow = 2,
    };

    /// <summary>A batch that was made at a time and has ended.</summary>
    public static Batch BatchAt(DateTimeOffset at) => BatchAt(at, BatchStatus.Completed);

    private static Batch BatchAt(DateTimeOffset at, BatchStatus status)
    {
        var id = IdKind.Batch.New(at);
        var input = IdKind.File.New(at);
        return new Batch(status)
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
