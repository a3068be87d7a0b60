using System.Text;
using Azure.Core.Pipeline;
using BatchFunctions.Batches;
using BatchFunctions.Protocol;
using BatchFunctions.SelfHost;
using BatchFunctions.Upstream;
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
        var settings = TestService.Configuration(TestService.Settings(
            connection, others: new Dictionary<string, string?> { ["Logging:LogLevel:Default"] = "Warning" }));
        await using var app = SelfHostApp.Build(settings, "http://127.0.0.1:0", services =>
        {
            services.AddSingleton<TimeProvider>(time);
            services.AddSingleton<ProtocolSteps>(end);
            services.AddSingleton<HttpPipelinePolicy>(counts);
            services.AddSingleton<HttpPipelinePolicy>(queues);
            services.PostConfigure<HttpClientFactoryOptions>(
                UpstreamConnection.HttpClientName,
                client => client.HttpMessageHandlerBuilderActions.Add(
                    builder => builder.PrimaryHandler = new PacedUpstream(pace, spread: 1, time)));
        });
        await app.StartAsync();

        // The sweep that a start begins with looks for what has expired last.
        await Eventually.UntilAsync(
            () => counts.Requests.ContainsKey("GET expiring 200") && counts.InFlight == 0, "the first sweep is done");
        var input = InputLines.Chats(lines, line => $"{line}");
        var file = await StoredFiles.StoreAsync(app.Services, Tenant, Encoding.UTF8.GetBytes(input));
        counts.Clear();
        var began = time.GetUtcNow();
        time.Start();
        var batch = await app.Services.GetRequiredService<BatchCreation>().TryCreateAsync(
            new NewBatch(Tenant, file.Id, InputLines.Endpoint, "24h", null, null), CancellationToken.None)
            ?? throw new InvalidOperationException("The input file is not there.");
        await Eventually.UntilAsync(() => Task.FromResult(queues.Count == 0), Limit, "no message is left");
        var ended = await app.Services.GetRequiredService<BatchStore>().FindAsync(batch.Key, CancellationToken.None);
        await app.StopAsync();
        return ended is { Status: BatchStatus.Completed } && ended.Counts.Completed == lines
            ? (counts.Use with { QueueLooks = end.Looks }, end.At - began)
            : throw new InvalidOperationException($"The batch has not run through: {ended?.Status} {ended?.Counts}.");
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
