using System.Diagnostics;
using System.Globalization;
using Azure.Core.Pipeline;
using BatchFunctions.Batches;
using BatchFunctions.Proof.Batches;
using BatchFunctions.Proof.Storage;
using BatchFunctions.Proof.Workers;
using BatchFunctions.Protocol;
using BatchFunctions.SelfHost;
using BatchFunctions.Testing;
using BatchFunctions.Testing.Metering;
using Microsoft.Extensions.DependencyInjection;

namespace BatchFunctions.Proof;

/// <summary>How fast the protocol is, and what it asks of storage, with the default settings; judged by nobody.</summary>
internal static class Measurements
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    public static async Task RunAsync()
    {
        await using var azurite = await ProofStorage.StartAsync(accounts: 3);
        await CancelAsync(azurite.ConnectionString(ProofStorage.AccountOf(0)));
        await EndTogetherAsync(azurite.ConnectionString(ProofStorage.AccountOf(1)), chunks: 500);
        await TakeUpAsync(azurite.ConnectionString(ProofStorage.AccountOf(2)));
    }

    private static async Task CancelAsync(string connection)
    {
        const int Lines = 10_000;
        await using var upstream = await new ScriptedUpstream()
            .Answer(call => ScriptedAnswer.Chat(call).After(TimeSpan.FromMilliseconds(200))).StartAsync();
        var settings = TestService.Settings(connection, upstream.Address);
        await using var account = await Account.OpenAsync(settings);
        using var worker = WorkerProcess.Start(settings);
        await worker.ReadyAsync();
        var batch = await account.CreateAsync(await account.UploadAsync("m", Lines), new Dictionary<string, string>());
        await UntilAsync(account, batch, now => now.Counts.Completed > 0, "lines are counted");
        var began = Stopwatch.GetTimestamp();
        await account.Get<BatchCancellation>().CancelAsync(batch.Key, CancellationToken.None);
        var ended = await UntilAsync(account, batch, now => now.Status.HasEnded(), "the batch ends");
        Print($"cancel of a running batch of {Lines} lines with a 200 ms upstream: {ended.Status} after {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s; {ended.Counts}");
    }

    private static async Task EndTogetherAsync(string connection, int chunks)
    {
        // Every chunk's handler runs at once, and the upstream answers them all at once.
        Environment.SetEnvironmentVariable("AzureFunctionsJobHost__extensions__queues__batchSize", "32");
        Environment.SetEnvironmentVariable("AzureFunctionsJobHost__extensions__queues__newBatchThreshold", "1000");
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = await new ScriptedUpstream()
            .Answer(call => ScriptedAnswer.Chat(call).After(released.Task)).StartAsync();
        var settings = TestService.Settings(connection, upstream.Address);
        settings["Batch:ChunkLines"] = "1";
        settings["Batch:ChunkTarget"] = "1000";
        settings["Batch:Upstream:Concurrency"] = chunks.ToString(CultureInfo.InvariantCulture);
        var requests = new StorageCounts();
        await using var account = await Account.OpenAsync(settings);
        await using var app = SelfHostApp.Build(
            TestService.Configuration(settings), "http://127.0.0.1:0", services => services.AddSingleton<HttpPipelinePolicy>(requests));
        await app.StartAsync();
        var batch = await account.CreateAsync(await account.UploadAsync("m", chunks), new Dictionary<string, string>());
        await Eventually.UntilAsync(() => Task.FromResult(upstream.InFlight == chunks), Limit, "every chunk has its call under way");
        requests.Clear();
        var began = Stopwatch.GetTimestamp();
        released.SetResult();
        var ended = await UntilAsync(account, batch, now => now.Status.HasEnded(), "the batch ends");
        Print($"{chunks} chunks that end together: {ended.Status} after {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s; storage requests from the first answer on:");
        foreach (var (request, count) in requests.Requests.OrderBy(request => request.Key, StringComparer.Ordinal))
        {
            Print($"  {count,6} {request}");
        }
    }

    private static async Task TakeUpAsync(string connection)
    {
        await using var upstream = await new ScriptedUpstream()
            .Answer(call => ScriptedAnswer.Chat(call).After(TimeSpan.FromSeconds(2))).StartAsync();
        var settings = TestService.Settings(connection, upstream.Address);
        await using var account = await Account.OpenAsync(settings);
        using var killed = WorkerProcess.Start(settings, $"{ProtocolStep.CheckpointWritten}:1");
        await killed.ReadyAsync();
        await account.CreateAsync(await account.UploadAsync("m", 1000), new Dictionary<string, string>());
        if (!await killed.EndsWithinAsync(Limit))
        {
            throw new TimeoutException("The worker has not come to a checkpoint.");
        }

        var began = Stopwatch.GetTimestamp();
        var before = upstream.CallsByMarker.ToDictionary();
        using var worker = WorkerProcess.Start(settings);
        await Eventually.UntilAsync(
            () => Task.FromResult(before.Keys.Any(marker => upstream.CallsOf(marker) > before[marker])),
            Limit,
            "a call in flight at the kill is made again");
        Print($"a killed worker's chunk is taken up again after {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s (lease 60 s, sweep every 60 s)");
    }

    private static async Task<Batch> UntilAsync(Account account, Batch batch, Func<Batch, bool> condition, string what)
    {
        var last = batch;
        await Eventually.UntilAsync(
            async () => condition(last = (await account.Batches.FindAsync(batch.Key, CancellationToken.None))!), Limit, what);
        return last;
    }

    private static void Print(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
