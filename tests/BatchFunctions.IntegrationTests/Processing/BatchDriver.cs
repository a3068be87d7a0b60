using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Files;
using BatchFunctions.Ids;
using BatchFunctions.Processing;
using BatchFunctions.Storage;
using BatchFunctions.Testing;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>
/// The library with a storage and no host: makes batches, hands messages to the jobs, and reads what came of them.
/// A job that throws leaves its message, which comes back after <see cref="ComesBackAfter"/>.
/// </summary>
internal sealed class BatchDriver : IAsyncDisposable
{
    public const string Tenant = "local";

    /// <summary>The service's times, so short that a test sees many of them pass.</summary>
    private static readonly Dictionary<string, string?> ShortTimes = new()
    {
        ["Batch:Upstream:Concurrency"] = "64",
        ["Batch:Upstream:RetryDelay"] = "00:00:00.010",
        ["Batch:Upstream:LongestWait"] = "00:00:00.500",
        ["Batch:AdvanceDelay"] = "00:00:00",
        ["Batch:StatusPoll"] = "00:00:00.100",
        ["Batch:Checkpoint"] = "00:00:00.300",
        ["Batch:Lease"] = "00:00:04",
        ["Batch:SweepInterval"] = "00:00:01",
        ["Batch:WakeUpLost"] = "00:00:03",
        ["Batch:ProgressLost"] = "00:00:05",
    };

    private readonly ServiceProvider _services;
    private readonly CancellationTokenSource _stop = new();
    private Task _pump = Task.CompletedTask;

    private BatchDriver(ServiceProvider services, SentMessages sent)
    {
        _services = services;
        Sent = sent;
        Handlers = new Dictionary<string, Func<QueueMessage, CancellationToken, Task>>
        {
            [QueueNames.Steps] = Jobs.StepAsync,
            [QueueNames.Chunk] = Jobs.ChunkAsync,
        };
    }

    /// <summary>How long a message stays away whose handler threw, or never came to an end.</summary>
    public TimeSpan ComesBackAfter { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a batch may take to its end, and then to be cleared away.</summary>
    public TimeSpan Deadline { get; set; } = TimeSpan.FromMinutes(3);

    /// <summary>How often each message is handled: two, to see that a copy does no harm.</summary>
    public int Deliveries { get; set; } = 1;

    /// <summary>Whether a message is lost whose handler is broken off by a <see cref="SimulatedCrashException"/>.</summary>
    public bool LosesMessages { get; set; }

    /// <summary>What handlers threw, by queue.</summary>
    public ConcurrentQueue<(string Queue, Exception Error)> Faults { get; } = new();

    /// <summary>Messages handled, by kind.</summary>
    public ConcurrentDictionary<BatchMessageKind, int> Handled { get; } = new();

    /// <summary>Messages sent since they were last lost, by kind.</summary>
    public SentMessages Sent { get; }

    /// <summary>Kinds whose messages are fetched and not handled.</summary>
    public HashSet<BatchMessageKind> Withheld { get; } = [];

    public Dictionary<string, Func<QueueMessage, CancellationToken, Task>> Handlers { get; }

    public BatchJobs Jobs => Get<BatchJobs>();

    public BatchStore Batches => Get<BatchStore>();

    public ChunkStore Chunks => Get<ChunkStore>();

    public StorageClients Storage => Get<StorageClients>();

    public static async Task<BatchDriver> StartAsync(
        string connection,
        Uri upstream,
        IReadOnlyDictionary<string, string?>? settings = null,
        Action<IServiceCollection>? configure = null)
    {
        var values = TestService.Settings(connection, upstream, [.. ShortTimes, .. settings ?? new Dictionary<string, string?>()]);
        var sent = new SentMessages();
        return new BatchDriver(
            await TestService.BuildAsync(values, services =>
            {
                configure?.Invoke(services);
                services.AddSingleton<HttpPipelinePolicy>(sent);
            }),
            sent);
    }

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    /// <summary>What goes on with deletions of batches, an hour from now.</summary>
    public BatchRemoval RemovalAnHourLater() =>
        ActivatorUtilities.CreateInstance<BatchRemoval>(_services, new FakeTimeProvider(DateTimeOffset.UtcNow + TimeSpan.FromHours(1)));

    /// <summary>The names of the blobs that a result file is made of, its pages included.</summary>
    public Task<IReadOnlyList<string>> BlobsOfAsync(StoredFile file) => StoredFiles.BlobsOfAsync(_services, file);

    /// <summary>Stores an input file as an upload would.</summary>
    public Task<StoredFile> UploadAsync(byte[] bytes) => StoredFiles.StoreAsync(_services, Tenant, bytes);

    public static string LinesOf(int count) => InputLines.Chats(count, MarkerOf);

    public static string LineOf(int index) => InputLines.Chat($"line-{index}", MarkerOf(index));

    private static string MarkerOf(int index) => $"m{index}";

    public Task<Batch> CreateAsync(string text) => CreateAsync(Encoding.UTF8.GetBytes(text));

    public async Task<Batch> CreateAsync(byte[] input)
    {
        var file = await UploadAsync(input);
        return await Get<BatchCreation>().TryCreateAsync(
            new NewBatch(Tenant, file.Id, InputLines.Endpoint, "24h", null, null), CancellationToken.None)
            ?? throw new InvalidOperationException("The input file is not there.");
    }

    public Task<Batch> CreateAsync(int lines) => CreateAsync(LinesOf(lines));

    public async Task<Batch> ReadAsync(Batch batch) =>
        await Batches.FindAsync(batch.Key, CancellationToken.None) ?? throw new InvalidOperationException("No such batch.");

    /// <summary>Messages on a queue, those that are delayed included.</summary>
    public async Task<int> WaitingAsync(string queue) =>
        (await Storage.Queues.GetQueueClient(queue).GetPropertiesAsync()).Value.ApproximateMessagesCount;

    /// <summary>Puts something into a column of a row.</summary>
    /// <returns>What was there.</returns>
    public async Task<object> SpoilAsync(string name, string partition, string key, string column, object value)
    {
        var table = Storage.Tables.GetTableClient(name);
        TableEntity row = await table.GetEntityAsync<TableEntity>(partition, key);
        var before = row[column];
        row[column] = value;
        await table.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace);
        return before;
    }

    /// <summary>Loses all messages. For all that is known, those of chunks wait behind that of another batch.</summary>
    public async Task LoseBehindAnotherAsync(Batch batch)
    {
        await ClearAsync();
        await Storage.Queues.GetQueueClient(QueueNames.Chunk).SendMessageAsync(
            BatchMessage.OfChunk(new BatchKey(batch.Tenant, IdKind.Batch.New(batch.CreatedAt)), 0).ToString());
        Sent.Forget();
    }

    /// <summary>Loses a queue's messages.</summary>
    public Task ClearAsync(string queue) => Storage.Queues.GetQueueClient(queue).ClearMessagesAsync();

    /// <summary>Loses all messages.</summary>
    public async Task ClearAsync()
    {
        await Task.WhenAll(QueueNames.All.Select(ClearAsync));
        Sent.Forget();
    }

    /// <summary>The ticket of the sweep that is under way; null while none is.</summary>
    public async Task<string?> TicketAsync()
    {
        var row = await Storage.Tables.GetTableClient(TableNames.Pending).GetEntityIfExistsAsync<TableEntity>("sweep", "sweep");
        return row.HasValue ? row.Value!.ETag.ToString() : null;
    }

    /// <summary>Hands out messages in the background until the driver is disposed of.</summary>
    public void StartPump(int workers = 1)
    {
        _pump = Task.WhenAll(Enumerable.Range(0, workers).SelectMany(_ => Handlers.Keys).Select(PumpAsync));
    }

    public async Task<Batch> WaitForAsync(Batch batch, Func<Batch, bool> condition, string what)
    {
        var last = batch;
        try
        {
            await Eventually.UntilAsync(async () => condition(last = await ReadAsync(batch)), Deadline, what);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException(
                $"{e.Message} Last seen {last.Status}, {last.Counts}; handled {string.Join(", ", Handled)}; thrown: {string.Join("; ", Faults.TakeLast(3))}", e);
        }

        return last;
    }

    /// <summary>Waits until the batch has ended and nothing of its processing is left.</summary>
    public async Task<Batch> WaitForEndAsync(Batch batch)
    {
        var ended = await WaitForAsync(batch, b => b.Status.HasEnded(), "the batch ends");
        await Eventually.UntilAsync(
            async () => !await Get<ActiveBatchStore>().ListAsync(CancellationToken.None).AnyAsync(a => a.Key == batch.Key),
            Deadline,
            "the ended batch is cleared away");
        return ended;
    }

    public async Task<Batch> RunToEndAsync(Batch batch)
    {
        StartPump();
        return await WaitForEndAsync(batch);
    }

    public async Task<IReadOnlyList<JsonElement>> ReadResultsAsync(string? fileId)
    {
        if (fileId is null)
        {
            return [];
        }

        var file = await Get<FileStore>().FindAsync(Tenant, fileId, CancellationToken.None)
            ?? throw new InvalidOperationException($"There is no file {fileId}.");
        var (lines, bytes) = await StoredFiles.ReadAsync(_services, file);
        Assert.Equal(file.Bytes, bytes);
        return lines;
    }

    /// <summary>The promise: every line exactly once in output and error file together, and counts that equal them.</summary>
    public async Task<(IReadOnlyList<JsonElement> Output, IReadOnlyList<JsonElement> Error)> AssertPromiseAsync(
        Batch ended, int lines)
    {
        var output = await ReadResultsAsync(ended.OutputFileId);
        var error = await ReadResultsAsync(ended.ErrorFileId);
        var ids = output.Concat(error).Select(line => line.GetProperty("custom_id").GetString()!).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
        Assert.Equal(Enumerable.Range(0, lines).Select(i => $"line-{i}").Order(), ids.Order());
        Assert.Equal(lines, ended.Counts.Total);
        Assert.Equal(output.Count, ended.Counts.Completed);
        var unfinished = error.Count(line =>
            line.GetProperty("error") is { ValueKind: JsonValueKind.Object } e
            && e.GetProperty("code").GetString() is "batch_cancelled" or "batch_expired");
        Assert.Equal(error.Count - unfinished, ended.Counts.Failed);
        Assert.Empty(await Chunks.ListAsync(ended.Id, CancellationToken.None).ToListAsync());
        return (output, error);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _pump;
        await _services.DisposeAsync();
        _stop.Dispose();
    }

    private async Task PumpAsync(string name)
    {
        var queue = Storage.Queues.GetQueueClient(name);
        var running = new List<Task>();
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                QueueMessage[] messages = await queue.ReceiveMessagesAsync(16, ComesBackAfter, _stop.Token);
                running.RemoveAll(task => task.IsCompleted);
                running.AddRange(messages.Select(message => HandleAsync(name, queue, message)));
                if (messages.Length == 0 || running.Count > 16)
                {
                    await Task.Delay(50, _stop.Token);
                }
            }
            catch (Exception e) when (StorageFaults.IsFault(e) || e is OperationCanceledException)
            {
                await Task.Delay(200, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // Nothing that storage answers may end the pump; the test sees it among the faults.
                Faults.Enqueue((name, e));
            }
        }

        await Task.WhenAll(running);
    }

    private async Task HandleAsync(string name, QueueClient queue, QueueMessage message)
    {
        try
        {
            var kind = BatchMessage.Parse(message.Body).Kind;
            if (Withheld.Contains(kind))
            {
                return;
            }

            await Task.WhenAll(Enumerable.Range(0, Deliveries).Select(_ => Handlers[name](message, _stop.Token)));
            Handled.AddOrUpdate(kind, 1, (_, count) => count + 1);
            await queue.DeleteMessageAsync(message.MessageId, message.PopReceipt, CancellationToken.None);
        }
        catch (Azure.RequestFailedException e) when (e.ErrorCode == "MessageNotFound" || e.ErrorCode == "PopReceiptMismatch")
        {
            // Its time ran out and another has it now, which no handler may mind.
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Faults.Enqueue((name, e));
            if (LosesMessages && e is SimulatedCrashException)
            {
                await queue.DeleteMessageAsync(message.MessageId, message.PopReceipt, CancellationToken.None);
            }
        }
    }
}
