using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using BatchFunctions.Cli;
using BatchFunctions.IntegrationTests.Clients;
using BatchFunctions.Testing;

namespace BatchFunctions.IntegrationTests.Cli;

/// <summary><c>retry</c>, against the whole service and against one that has no such operation.</summary>
public sealed class RetryCommandTests : IAsyncLifetime
{
    private ScriptedUpstream _upstream = null!;
    private ServiceDriver _service = null!;
    private CliDriver _cli = null!;

    /// <summary>Of the lines <c>a</c> to <c>e</c> the service's upstream refuses <c>b</c> and <c>d</c> at first.</summary>
    public async Task InitializeAsync()
    {
        _upstream = await new ScriptedUpstream().StartAsync();
        _upstream.Answer(call => call.Marker switch
        {
            "b" => ScriptedAnswer.Error(400),
            "d" => ScriptedAnswer.Error(422),
            _ => ScriptedAnswer.Chat(call),
        });
        _service = await ServiceDriver.StartAsync(new Dictionary<string, string?>
        {
            ["Batch:Upstream:BaseUrl"] = _upstream.Address.ToString(),
            ["Batch:Upstream:MaxAttempts"] = "1",
            ["Batch:AdvanceDelay"] = "00:00:00",
        });
        _cli = new CliDriver(_service.Endpoint, _service.Key);
    }

    public async Task DisposeAsync()
    {
        _cli.Dispose();
        await _service.DisposeAsync();
        await _upstream.DisposeAsync();
    }

    [Fact]
    public async Task A_retry_makes_one_file_in_which_each_line_stands_once_with_its_latest_answer()
    {
        var id = await RunAsync();
        _upstream.Answer(call => call.Marker == "d" ? ScriptedAnswer.Error(404) : ScriptedAnswer.Chat("again"));

        var run = await _cli.RunAsync("retry", id, "-o", _cli.PathOf("results.jsonl"), "--quiet");

        run.AssertExit(ExitCodes.LinesFailed);
        Assert.Contains($"of what batch {id} has left over", run.Errors, StringComparison.Ordinal);
        Assert.Contains("5 lines of 2 batches, each once; 1 failed", run.Errors, StringComparison.Ordinal);
        Assert.Equal(["a", "b", "c", "d", "e"], CliDriver.IdsIn(_cli.Read("results.jsonl")));
        Assert.Equal(404, StatusOf("d"));
        Assert.Contains("again", _cli.Read("results.jsonl"), StringComparison.Ordinal);
        Assert.False(_cli.Has("results.errors.jsonl"));

        // The retry is retried in turn: its results are merged with those of both.
        _upstream.Answer(call => ScriptedAnswer.Chat(call));
        var second = run.Errors.Split('\n').First(line => line.Contains("`batch retry", StringComparison.Ordinal)).Split(' ')[2].TrimEnd('`');
        (await _cli.RunAsync("retry", second, "-o", _cli.PathOf("results.jsonl"))).AssertExit(ExitCodes.Done);
        Assert.Equal(["a", "b", "c", "d", "e"], CliDriver.IdsIn(_cli.Read("results.jsonl")));
        Assert.Equal(200, StatusOf("d"));

        // From any of the batches the merged results are the same lines.
        var merged = await _cli.RunAsync("results", id, "--merged", "--quiet");
        merged.AssertExit(ExitCodes.Done);
        Assert.Equal(["a", "b", "c", "d", "e"], CliDriver.IdsIn(merged.Output));
        Assert.Equal(3, _upstream.CallsByMarker["d"]);
        Assert.Equal(1, _upstream.CallsByMarker["a"]);
    }

    [Fact]
    public async Task Codes_narrow_it_and_what_cannot_be_retried_is_told_in_a_line()
    {
        var id = await RunAsync();
        _upstream.Answer(call => ScriptedAnswer.Chat(call));
        var made = await _cli.RunAsync("retry", id, "--only", "422", "--no-wait");
        made.AssertExit(ExitCodes.Done);
        (await _cli.RunAsync("wait", made.Output.TrimEnd(), "-o", _cli.PathOf("retried.jsonl"))).AssertExit(ExitCodes.Done);
        Assert.Equal(["d"], CliDriver.IdsIn(_cli.Read("retried.jsonl")));

        (await _cli.RunAsync("retry", made.Output.TrimEnd())).AssertOneLine(ExitCodes.Refused, "all of its lines have succeeded");
        (await _cli.RunAsync("retry", id, "--only", "Not a code")).AssertOneLine(ExitCodes.Refused, "'Not a code' is neither");
        (await _cli.RunAsync("retry", "batch_00000000000000000000000000000000")).AssertOneLine(ExitCodes.Refused, "No batch found");
    }

    [Fact]
    public async Task An_answer_that_is_lost_makes_no_second_batch()
    {
        var id = await RunAsync();
        _upstream.Answer(call => ScriptedAnswer.Chat(call));
        await using var between = await LosingAsync();
        using var cli = new CliDriver(between.BaseUrl, _service.Key);

        var run = await cli.RunAsync("retry", id, "-o", cli.PathOf("results.jsonl"));

        run.AssertExit(ExitCodes.Done);
        Assert.Equal(["a", "b", "c", "d", "e"], CliDriver.IdsIn(cli.Read("results.jsonl")));
        Assert.Equal(2, _upstream.CallsByMarker["b"]);
        Assert.Equal(2, (await _cli.RunAsync("list", "--json")).Output.Split("\"input_file_id\"").Length - 1);
    }

    [Fact]
    public async Task On_a_service_without_retries_the_command_line_makes_the_batch_itself()
    {
        await using var other = await OtherService.StartAsync();
        using var cli = new CliDriver(other.BaseUrl, "some-key");
        var requests = cli.WriteRequests("a", "b", "c", "d");
        var id = (await cli.RunAsync("run", requests, "--no-wait")).Output.TrimEnd();
        (await cli.RunAsync("wait", id)).AssertExit(ExitCodes.Done);
        other.Alter(id, batch =>
        {
            batch["status"] = "expired";
            batch["output_file_id"] = other.AddFile(Results("a"));
            batch["error_file_id"] = other.AddFile(Results("b"));
        });

        var run = await cli.RunAsync("retry", id, "-o", cli.PathOf("results.jsonl"));

        run.AssertExit(ExitCodes.Done);
        Assert.Equal(["a", "b", "c", "d"], CliDriver.IdsIn(cli.Read("results.jsonl")));
        Assert.Contains("4 lines of 2 batches", run.Errors, StringComparison.Ordinal);
        Assert.Equal(2, other.Batches);
        Assert.Equal(id, other.Newest["metadata"]!["retry_of"]!.GetValue<string>());
        Assert.Equal(["b", "c", "d"], CliDriver.IdsIn(other.ReadFile(other.Newest["input_file_id"]!.GetValue<string>())));
    }

    private static byte[] Results(string id) => Encoding.UTF8.GetBytes(
        JsonSerializer.Serialize(new { custom_id = id, response = new { status_code = 200 } }) + "\n");

    /// <summary>What passes requests on to the service, and loses the answer to the first retry.</summary>
    private async Task<OtherService> LosingAsync()
    {
        var between = await OtherService.StartAsync();
        var http = new HttpClient { BaseAddress = _service.Endpoint };
        var lost = 0;
        between.Before = async context =>
        {
            using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), new Uri(_service.Endpoint, context.Request.Path + context.Request.QueryString));
            request.Headers.TryAddWithoutValidation("Authorization", context.Request.Headers.Authorization.ToString());
            if (context.Request.ContentLength is not null || context.Request.Headers.TransferEncoding.Count > 0)
            {
                request.Content = new StreamContent(context.Request.Body);
                request.Content.Headers.TryAddWithoutValidation("Content-Type", context.Request.ContentType);
            }

            using var answer = await http.SendAsync(request);
            if (context.Request.Path.Value!.EndsWith("/retry", StringComparison.Ordinal) && Interlocked.Increment(ref lost) == 1)
            {
                context.Abort();
                return true;
            }

            context.Response.StatusCode = (int)answer.StatusCode;
            await answer.Content.CopyToAsync(context.Response.Body);
            return true;
        };
        return between;
    }

    private async Task<string> RunAsync()
    {
        var input = _cli.Write("requests.jsonl", [.. new[] { "a", "b", "c", "d", "e" }.Select(id => InputLines.Chat(id, id).TrimEnd())]);
        var id = (await _cli.RunAsync("run", input, "--no-wait")).Output.TrimEnd();
        (await _cli.RunAsync("wait", id)).AssertExit(ExitCodes.LinesFailed);
        return id;
    }

    private int StatusOf(string id) => _cli.Read("results.jsonl").Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => JsonNode.Parse(line)!)
        .Single(line => line["custom_id"]!.GetValue<string>() == id)["response"]!["status_code"]!.GetValue<int>();
}
