using System.Text;
using System.Text.Json;
using Azure.Core;
using Azure.Core.Pipeline;
using BatchFunctions.Batches;
using BatchFunctions.Configuration;
using BatchFunctions.Files;
using BatchFunctions.Ids;
using BatchFunctions.Protocol;
using BatchFunctions.SelfHost;
using BatchFunctions.SelfHost.Pump;
using BatchFunctions.StrictStorage;
using BatchFunctions.Upstream;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Testing.Metering;

/// <summary>
/// The whole service in this process, with the settings that are shipped, on a clock that leaps: what it waits for passes in no
/// time. Its storage and its upstream are in this process, on the same clock, which knows when nothing is done only where nothing
/// else is done in the process.
/// </summary>
internal sealed class LeapingService : IAsyncDisposable
{
    public const string Tenant = "leaping";

    private static readonly TimeSpan Limit = TimeSpan.FromHours(1);

    private readonly WebApplication _app;
    private readonly StorageAccount _storage;
    private readonly End _end;

    private LeapingService(WebApplication app, LeapingTime time, StorageCounts counts, StorageAccount storage, End end, RecordedLogs logs)
    {
        _app = app;
        Time = time;
        Counts = counts;
        _storage = storage;
        _end = end;
        Logs = logs;
    }

    public LeapingTime Time { get; }

    public StorageCounts Counts { get; }

    public RecordedLogs Logs { get; }

    public IServiceProvider Services => _app.Services;

    /// <summary>Looks at queues by the time that the batch had been cleared away, and when that was.</summary>
    public (int Looks, DateTimeOffset At) Cleared => (_end.Looks, _end.At);

    /// <summary>Starts it; its clock stands until a batch is created.</summary>
    /// <param name="upstreamOn">Makes what stands in the place of the upstream's sockets, on the clock.</param>
    /// <param name="settings">Settings that differ from those that are shipped.</param>
    public static async Task<LeapingService> StartAsync(
        Func<TimeProvider, HttpMessageHandler> upstreamOn,
        IReadOnlyDictionary<string, string?>? settings = null)
    {
        var counts = new StorageCounts();
        var time = new LeapingTime();
        var storage = new StorageAccount(time);
        var end = new End(() => (counts.Use.QueueLooks, time.GetUtcNow()));
        var values = TestService.Configuration(TestService.Settings(
            storage.ConnectionString, others:
            [
                KeyValuePair.Create("Logging:LogLevel:Default", (string?)"Warning"),
                KeyValuePair.Create("Batch:Upstream:Concurrency", (string?)"64"),
                .. settings ?? new Dictionary<string, string?>(),
            ]));
        var logs = new RecordedLogs();
        var app = SelfHostApp.Build(values, "http://127.0.0.1:0", services =>
        {
            services.AddSingleton<TimeProvider>(time);
            services.AddSingleton<ProtocolSteps>(end);

            // The cost table is of the Functions host, which does not ask an idle queue more seldom than its settings say.
            services.AddSingleton(new PumpTimes { IdleFactor = 1 });
            services.AddSingleton<HttpPipelinePolicy>(counts);
            services.AddSingleton<Action<ClientOptions>>(options => options.Transport = storage.Transport);
            services.AddSingleton<ILoggerProvider>(logs);
            services.PostConfigure<HttpClientFactoryOptions>(
                UpstreamConnection.HttpClientName,
                client => client.HttpMessageHandlerBuilderActions.Add(builder => builder.PrimaryHandler = upstreamOn(time)));
        });
        var service = new LeapingService(app, time, counts, storage, end, logs);
        await app.StartAsync();

        // The sweep that a start begins with looks for what has expired last.
        await Eventually.UntilAsync(
            () => counts.Requests.ContainsKey("GET expiring 200") && counts.InFlight == 0, "the first sweep is done");
        return service;
    }

    /// <summary>What was asked of storage until no message was left, and by request.</summary>
    public (StorageUse Use, IReadOnlyDictionary<string, int> Requests) Asked { get; private set; }

    /// <summary>Runs a batch on the clock until it has ended and no message is left.</summary>
    /// <param name="lines">Its lines, whose markers are their numbers.</param>
    /// <returns>The ended batch.</returns>
    public async Task<Batch> RunAsync(int lines) => (await RunAsync(lines, batches: 1))[0];

    /// <summary>Runs batches that are created one right after the other on the clock until all have ended and no message is left.</summary>
    /// <param name="lines">The lines of each, whose markers are their numbers.</param>
    /// <param name="batches">How many.</param>
    /// <param name="window">Their completion window.</param>
    /// <returns>The ended batches.</returns>
    public async Task<IReadOnlyList<Batch>> RunAsync(int lines, int batches, string window = CompletionWindows.Usual)
    {
        var input = InputLines.Chats(lines, line => $"{line}");
        var file = await StoredFiles.StoreAsync(_app.Services, Tenant, Encoding.UTF8.GetBytes(input));
        Counts.Clear();
        Time.Start();
        var keys = new List<BatchKey>();
        for (var made = 0; made < batches; made++)
        {
            var batch = await _app.Services.GetRequiredService<BatchCreation>().TryCreateAsync(
                new NewBatch(Tenant, file.Id, InputLines.Endpoint, window, null, null), CancellationToken.None)
                ?? throw new InvalidOperationException("The input file is not there.");
            keys.Add(batch.Key);
        }

        return await EndAsync(keys);
    }

    /// <summary>Runs a batch of what did not succeed in an ended one until it has ended and no message is left.</summary>
    /// <param name="key">The ended batch.</param>
    /// <returns>The new one, ended.</returns>
    public async Task<Batch> RetryAsync(BatchKey key)
    {
        Counts.Clear();
        var retry = await _app.Services.GetRequiredService<BatchRetry>().TryRetryAsync(key, new RetryRequest([], null, null, null), CancellationToken.None)
            ?? throw new InvalidOperationException("There is no such batch.");
        return (await EndAsync([retry.Key]))[0];
    }

    /// <summary>The lines of one of a batch's result files; none where it has no such file.</summary>
    public async Task<IReadOnlyList<JsonElement>> ReadAsync(string? fileId) => fileId is null ? [] : (await StoredFiles.ReadAsync(
        _app.Services,
        await _app.Services.GetRequiredService<FileStore>().FindAsync(Tenant, fileId, CancellationToken.None) ?? throw new InvalidOperationException($"There is no file {fileId}."))).Lines;

    private async Task<IReadOnlyList<Batch>> EndAsync(IEnumerable<BatchKey> keys)
    {
        await Eventually.UntilAsync(() => Task.FromResult(_storage.CountMessages() == 0), Limit, "no message is left");
        Asked = (Counts.Use with { QueueLooks = Cleared.Looks }, Counts.Requests.ToDictionary());
        var ended = new List<Batch>();
        foreach (var key in keys)
        {
            ended.Add(await _app.Services.GetRequiredService<BatchStore>().FindAsync(key, CancellationToken.None)
                ?? throw new InvalidOperationException("The batch is gone."));
        }

        return ended;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        Time.Dispose();
    }

    /// <summary>Notes how things stood when the batch had been cleared away.</summary>
    private sealed class End(Func<(int Looks, DateTimeOffset At)> read) : ProtocolSteps
    {
        public int Looks { get; private set; }

        public DateTimeOffset At { get; private set; }

        public override ValueTask ReachedAsync(ProtocolStep step, CancellationToken ct)
        {
            if (step == ProtocolStep.ActiveRowDeleted)
            {
                (Looks, At) = read();
            }

            return ValueTask.CompletedTask;
        }
    }
}
