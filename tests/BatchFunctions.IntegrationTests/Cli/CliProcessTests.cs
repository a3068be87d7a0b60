using BatchFunctions.Cli;
using BatchFunctions.IntegrationTests.Clients;
using BatchFunctions.Testing;

namespace BatchFunctions.IntegrationTests.Cli;

/// <summary>What only a process of its own shows: Ctrl-C, exit codes, standard output.</summary>
public sealed class CliProcessTests
{
    [Fact]
    public async Task Ctrl_C_leaves_the_batch_running_and_says_how_to_go_on()
    {
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = await new ScriptedUpstream().StartAsync();
        upstream.Answer(call => ScriptedAnswer.Chat(call).After(released.Task));
        await using var service = await ServiceDriver.StartAsync(
            new Dictionary<string, string?> { ["Batch:Upstream:BaseUrl"] = upstream.Address.ToString() });
        using var files = new CliDriver(service.Endpoint, service.Key);
        var results = files.PathOf("results.jsonl");
        using var process = CliProcess.Start(service.Endpoint, service.Key, "run", files.WriteRequests("a", "b"), "-o", results);
        await process.UntilItSaysAsync("in_progress  0/2");

        await process.InterruptAsync();
        var interrupted = await process.EndAsync();

        interrupted.AssertExit(ExitCodes.Interrupted);
        var id = interrupted.BatchId;
        Assert.Equal(
            $"Batch {id} keeps running. `batch wait {id} -o {results}` resumes waiting; `batch cancel {id}` stops it.",
            interrupted.Errors.TrimEnd().Split('\n')[^1]);
        Assert.False(files.Has("results.jsonl"));

        released.SetResult();
        using var again = CliProcess.Start(service.Endpoint, service.Key, "wait", id, "-o", results);
        (await again.EndAsync()).AssertExit(ExitCodes.Done);
        Assert.Equal(["a", "b"], CliDriver.IdsIn(files.Read("results.jsonl")));
    }

    [Fact]
    public async Task Ctrl_C_in_an_upload_says_that_there_is_no_batch()
    {
        await using var service = await OtherService.StartAsync();
        var came = new TaskCompletionSource();
        service.BeforeEach("POST /v1/files", 1, async context =>
        {
            came.SetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        });
        using var files = new CliDriver(service.BaseUrl, "sk-other");
        using var process = CliProcess.Start(service.BaseUrl, "sk-other", "run", files.WriteRequests("a"));
        await came.Task.WaitAsync(TimeSpan.FromMinutes(1));

        await process.InterruptAsync();
        var interrupted = await process.EndAsync();

        interrupted.AssertExit(ExitCodes.Interrupted);
        Assert.EndsWith("The upload was interrupted; no batch was created.\n", interrupted.Errors, StringComparison.Ordinal);
        Assert.Equal(0, service.Batches);
    }

    [Fact]
    public async Task Ctrl_C_in_a_download_says_how_to_download_and_leaves_no_half_file()
    {
        await using var service = await OtherService.StartAsync();
        using var files = new CliDriver(service.BaseUrl, "sk-other");
        var run = await files.RunAsync("run", files.WriteRequests("a"), "--quiet");
        var came = new TaskCompletionSource();
        service.Before = async context =>
        {
            if (!context.Request.Path.Value!.EndsWith("/content", StringComparison.Ordinal))
            {
                return false;
            }

            await context.Response.Body.WriteAsync("half"u8.ToArray());
            await context.Response.Body.FlushAsync();
            came.SetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return true;
        };
        var results = files.PathOf("results.jsonl");
        using var process = CliProcess.Start(service.BaseUrl, "sk-other", "wait", run.BatchId, "-o", results);
        await came.Task.WaitAsync(TimeSpan.FromMinutes(1));

        await process.InterruptAsync();
        var interrupted = await process.EndAsync();

        interrupted.AssertExit(ExitCodes.Interrupted);
        Assert.EndsWith(
            $"Batch {run.BatchId} has ended. `batch results {run.BatchId} -o {results}` downloads its results.\n", interrupted.Errors, StringComparison.Ordinal);
        Assert.False(files.Has("results.jsonl.part"));
        Assert.False(files.Has("results.jsonl"));
    }

    [Fact]
    public async Task Results_can_be_piped_and_the_process_ends_with_the_batchs_exit_code()
    {
        await using var service = await ServiceDriver.StartAsync();
        using var files = new CliDriver(service.Endpoint, service.Key);
        using var process = CliProcess.Start(service.Endpoint, service.Key, "run", files.WriteRequests("a", "FAIL"), "-o", "-", "--errors", files.PathOf("errors.jsonl"));

        var run = await process.EndAsync();

        run.AssertExit(ExitCodes.LinesFailed);
        Assert.Equal(["a"], CliDriver.IdsIn(run.Output));
        Assert.Equal(["FAIL"], CliDriver.IdsIn(files.Read("errors.jsonl")));
        Assert.DoesNotContain('\u001b', run.Errors);
    }
}
