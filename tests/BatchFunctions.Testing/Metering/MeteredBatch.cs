using System.Text;
using Azure.Core.Pipeline;
using BatchFunctions.Batches;
using BatchFunctions.Files;
using BatchFunctions.Ids;
using BatchFunctions.Protocol;
using BatchFunctions.SelfHost;
using BatchFunctions.Storage;
using BatchFunctions.Upstream;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;

namespace BatchFunctions.Testing.Metering;

/// <summary>
/// What a batch asks of storage: the whole service with the settings that are shipped, in this process, on a clock that
/// leaps. Counted are all requests from the batch's creation until it is cleared away, polling of all queues by the one
/// process included, and what its last messages lead to after that, without the polling.
/// </summary>
public static class MeteredBatch
{
    private const string Tenant = "metered";
    private const string Endpoint = "/v1/chat/completions";
    private static readonly TimeSpan Limit = TimeSpan.FromHours(1);

    /// <summary>Runs a batch.</summary>
    /// <param name="connection">A storage account that nobody else uses.</param>
    /// <param name="lines">Lines of the batch.</param>
    /// <param name="pace">How long the upstream takes for a line, on average.</param>
    /// <returns>What was asked of storage, and how long the batch took on the clock that leaps.</returns>
    public static async Task<(StorageUse Use, TimeSpan Took)> RunAsync(string connection, int lines, TimeSpan pace)
    {
        var counts = new StorageCounts();
        using var time = new LeapingTime(() => counts.InFlight > 0);
        var queues = new ClockedQueues(time);
        var end = new End(() => (counts.Use.QueueLooks, time.GetUtcNow()));
        var settings = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            [StorageClients.Connection] = connection,
            ["Batch:Upstream:BaseUrl"] = "http://127.0.0.1:1",
            ["Logging:LogLevel:Default"] = "Warning",
        }).Build();
        await using var app = SelfHostApp.Build(settings, "http://127.0.0.1:0", services =>
        {
            services.AddSingleton<TimeProvider>(time);
            services.AddSingleton<ProtocolSteps>(end);
            services.AddSingleton<HttpPipelinePolicy>(counts);
            services.AddSingleton<HttpPipelinePolicy>(queues);
            services.PostConfigure<HttpClientFactoryOptions>(
                UpstreamConnection.HttpClientName,
                client => client.HttpMessageHandlerBuilderActions.Add(
                    builder => builder.PrimaryHandler = new PacedUpstream(pace, time)));
        });
        await app.StartAsync();

        // The sweep that a start begins with looks for what has expired last.
        await Eventually.UntilAsync(
            () => counts.Requests.ContainsKey("GET expiring 200") && counts.InFlight == 0, "the first sweep is done");
        var file = await StoreAsync(app.Services, lines);
        counts.Clear();
        var began = time.GetUtcNow();
        time.Start();
        var batch = await app.Services.GetRequiredService<BatchCreation>().TryCreateAsync(
            new NewBatch(Tenant, file, Endpoint, "24h", null, null), CancellationToken.None)
            ?? throw new InvalidOperationException("The input file is not there.");
        await Eventually.UntilAsync(() => Task.FromResult(queues.Count == 0), Limit, "no message is left");
        var ended = await app.Services.GetRequiredService<BatchStore>().FindAsync(batch.Key, CancellationToken.None);
        await app.StopAsync();
        return ended is { Status: BatchStatus.Completed } && ended.Counts.Completed == lines
            ? (counts.Use with { QueueLooks = end.Looks }, end.At - began)
            : throw new InvalidOperationException($"The batch has not run through: {ended?.Status} {ended?.Counts}.");
    }

    private static async Task<string> StoreAsync(IServiceProvider services, int lines)
    {
        var bytes = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, lines).Select(line =>
            $$$"""{"custom_id":"line-{{{line}}}","method":"POST","url":"{{{Endpoint}}}","body":{"model":"paced","messages":[{"role":"user","content":"A question."}]}}""" + "\n")));
        var now = DateTimeOffset.UtcNow;
        var id = IdKind.File.New(now);
        var location = new BlobLocation(ContainerNames.Files, $"{Tenant}/{id}");
        await services.GetRequiredService<StorageClients>().Blobs.GetBlobContainerClient(location.Container)
            .GetBlobClient(location.Name).UploadAsync(new BinaryData(bytes));
        var file = new StoredFile
        {
            Tenant = Tenant,
            Id = id,
            Filename = "requests.jsonl",
            Purpose = FilePurposes.Batch,
            Bytes = bytes.Length,
            CreatedAt = now,
            Blob = location,
        };
        return await services.GetRequiredService<FileStore>().TryInsertAsync(file, CancellationToken.None)
            ? id
            : throw new InvalidOperationException("The file's id is taken.");
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
