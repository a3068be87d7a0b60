using BatchFunctions.Cli;
using BatchFunctions.IntegrationTests.Clients;
using BatchFunctions.Testing;

namespace BatchFunctions.IntegrationTests.Cli;

/// <summary><c>results</c> of a batch that runs, against the whole service: those so far, and all as they come.</summary>
public sealed class ResultsTests : IAsyncLifetime
{
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ScriptedUpstream _upstream = null!;
    private ServiceDriver _service = null!;
    private CliDriver _cli = null!;
    private string _id = null!;

    /// <summary>Of the three lines the first is answered at once, the others when they are released.</summary>
    public async Task InitializeAsync()
    {
        _upstream = await new ScriptedUpstream().StartAsync();
        _upstream.Answer(call => call.Marker switch
        {
            "a" => ScriptedAnswer.Chat(call),
            "b" => ScriptedAnswer.Error(400, "No such words.").After(_released.Task),
            _ => ScriptedAnswer.Chat(call).After(_released.Task),
        });
        _service = await ServiceDriver.StartAsync(new Dictionary<string, string?>
        {
            ["Batch:Upstream:BaseUrl"] = _upstream.Address.ToString(),
            ["Batch:Upstream:MaxAttempts"] = "1",
            ["Batch:ChunkLines"] = "1",
            ["Batch:AdvanceDelay"] = "00:00:00",
        });
        _cli = new CliDriver(_service.Endpoint, _service.Key);
        var input = _cli.Write("requests.jsonl", [.. new[] { "a", "b", "c" }.Select(id => InputLines.Chat(id, id).TrimEnd())]);
        _id = (await _cli.RunAsync("run", input, "--no-wait")).Output.TrimEnd();
    }

    public async Task DisposeAsync()
    {
        _cli.Dispose();
        await _service.DisposeAsync();
        await _upstream.DisposeAsync();
    }

    [Fact]
    public async Task Lines_are_written_as_they_come_and_the_files_are_the_services_in_the_end()
    {
        var follow = _cli.RunAsync("results", _id, "--follow", "-o", _cli.PathOf("results.jsonl"));
        await UntilAIsInAsync("results.jsonl");
        Assert.False(follow.IsCompleted);
        var early = _cli.Read("results.jsonl");

        _released.SetResult();
        var run = await follow;

        run.AssertExit(ExitCodes.LinesFailed);
        Assert.Contains($"Batch {_id} has completed: 3 lines, 1 failed", run.Errors, StringComparison.Ordinal);
        Assert.Equal(["a", "c"], CliDriver.IdsIn(_cli.Read("results.jsonl")));
        Assert.StartsWith(early, _cli.Read("results.jsonl"), StringComparison.Ordinal);
        (await _cli.RunAsync("results", _id, "-o", _cli.PathOf("whole.jsonl"))).AssertExit(ExitCodes.LinesFailed);
        Assert.Equal(_cli.Read("whole.jsonl"), _cli.Read("results.jsonl"));
        Assert.Equal(_cli.Read("whole.errors.jsonl"), _cli.Read("results.errors.jsonl"));
    }

    [Fact]
    public async Task Results_so_far_are_given_with_a_note_and_an_exit_code_that_says_so()
    {
        CliRun run = null!;
        await Eventually.UntilAsync(
            async () => (run = await _cli.RunAsync("results", _id, "--quiet")).ExitCode != ExitCodes.Refused, TimeSpan.FromMinutes(1), "there is a result");

        run.AssertOneLine(
            ExitCodes.SoFar, $"Incomplete: batch {_id} is in_progress", "1 result of 3 lines", $"`batch results {_id} --follow` writes the others as they come");
        Assert.Equal(["a"], CliDriver.IdsIn(run.Output));

        var place = _cli.PathOf("results.jsonl");
        (await _cli.RunAsync("results", _id, "-o", place, "--quiet")).AssertOneLine(ExitCodes.SoFar, $"`batch results {_id} --follow -o {place}`");
        Assert.Equal(run.Output, _cli.Read("results.jsonl"));
    }

    [Fact]
    public async Task Ctrl_C_leaves_what_has_come_and_says_how_to_go_on()
    {
        var place = _cli.PathOf("results.jsonl");
        using var process = CliProcess.Start(_service.Endpoint, _service.Key, "results", _id, "--follow", "-o", place);
        await UntilAIsInAsync("results.jsonl");

        await process.InterruptAsync();
        var interrupted = await process.EndAsync();

        interrupted.AssertExit(ExitCodes.Interrupted);
        Assert.Equal(
            $"Batch {_id} keeps running. `batch results {_id} --follow -o {place}` begins anew and follows it to its end; `batch cancel {_id}` stops it.",
            interrupted.Errors.TrimEnd().Split('\n')[^1]);
        Assert.Equal(["a"], CliDriver.IdsIn(_cli.Read("results.jsonl")));

        _released.SetResult();
        using var again = CliProcess.Start(_service.Endpoint, _service.Key, "results", _id, "-f");
        var run = await again.EndAsync();
        run.AssertExit(ExitCodes.LinesFailed);
        Assert.Equal(["a", "c"], CliDriver.IdsIn(run.Output));
    }

    private Task UntilAIsInAsync(string file) => Eventually.UntilAsync(
        () => _cli.Has(file) && CliDriver.IdsIn(_cli.Read(file)).SequenceEqual(["a"]), "the first line has come");
}
