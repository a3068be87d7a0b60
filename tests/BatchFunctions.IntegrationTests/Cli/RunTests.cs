using System.IO.Compression;
using System.IO.Pipes;
using System.Text.Json;
using BatchFunctions.Cli;
using BatchFunctions.IntegrationTests.Clients;

namespace BatchFunctions.IntegrationTests.Cli;

/// <summary><c>batch run</c> against the whole service with the echo upstream.</summary>
public sealed class RunTests : IAsyncLifetime
{
    private ServiceDriver _service = null!;
    private CliDriver _cli = null!;

    public async Task InitializeAsync()
    {
        _service = await ServiceDriver.StartAsync();
        _cli = new CliDriver(_service.Endpoint, _service.Key);
    }

    public async Task DisposeAsync()
    {
        _cli.Dispose();
        await _service.DisposeAsync();
    }

    [Fact]
    public async Task A_file_of_requests_becomes_a_file_of_results()
    {
        var run = await _cli.RunAsync(
            "run", _cli.WriteRequests("a", "b", "c"), "--endpoint", "/v1/chat/completions", "-o", _cli.PathOf("results.jsonl"));

        run.AssertExit(ExitCodes.Done);
        Assert.Equal(["a", "b", "c"], CliDriver.IdsIn(_cli.Read("results.jsonl")));
        Assert.Contains("has completed: 3 lines, none failed", run.Errors, StringComparison.Ordinal);
        Assert.Empty(run.Output);
        Assert.False(_cli.Has("results.jsonl.part"));
        Assert.False(_cli.Has("results.errors.jsonl"));
    }

    [Fact]
    public async Task A_compressed_file_is_sent_as_it_is_and_unpacked_by_the_service()
    {
        var packed = _cli.PathOf("requests.jsonl.gz");
        await using (var gzip = new GZipStream(File.Create(packed), CompressionLevel.Fastest))
        {
            await gzip.WriteAsync(await File.ReadAllBytesAsync(_cli.WriteRequests("a", "b", "c")));
        }

        var run = await _cli.RunAsync("run", packed, "-o", _cli.PathOf("results.jsonl"));

        run.AssertExit(ExitCodes.Done);
        Assert.Equal(["a", "b", "c"], CliDriver.IdsIn(_cli.Read("results.jsonl")));
        (await _cli.RunAsync("run", packed, "--parts")).AssertOneLine(ExitCodes.Usage, "requests.jsonl.gz is compressed, and parts are not unpacked: leave --parts out");

        await File.WriteAllTextAsync(packed, "{}");
        (await _cli.RunAsync("run", packed)).AssertOneLine(ExitCodes.Usage, "requests.jsonl.gz is no gzip, which its name says that it is.");
    }

    [Fact]
    public async Task Lines_that_fail_go_to_a_file_beside_the_results_and_into_the_exit_code()
    {
        var run = await _cli.RunAsync("run", _cli.WriteRequests("a", "FAIL-1", "FAIL-2"), "-o", _cli.PathOf("results.jsonl"));

        run.AssertExit(ExitCodes.LinesFailed);
        Assert.Equal(["a"], CliDriver.IdsIn(_cli.Read("results.jsonl")));
        Assert.Equal(["FAIL-1", "FAIL-2"], CliDriver.IdsIn(_cli.Read("results.errors.jsonl")));
        Assert.Contains("3 lines, 2 failed", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Results_of_an_earlier_batch_do_not_stay_where_no_line_succeeded()
    {
        var results = _cli.Write("results.jsonl", "of an earlier batch");

        var run = await _cli.RunAsync("run", _cli.WriteRequests("FAIL"), "-o", results, "--errors", _cli.PathOf("else.jsonl"));

        run.AssertExit(ExitCodes.LinesFailed);
        Assert.Empty(_cli.Read("results.jsonl"));
        Assert.Equal(["FAIL"], CliDriver.IdsIn(_cli.Read("else.jsonl")));
    }

    [Fact]
    public async Task Results_go_to_standard_output_alone_where_asked_to()
    {
        var run = await _cli.RunAsync("run", _cli.WriteRequests("a", "b"), "-o", "-");

        run.AssertExit(ExitCodes.Done);
        Assert.Equal(["a", "b"], CliDriver.IdsIn(run.Output));
    }

    [Theory]
    [InlineData("run")]
    [InlineData("wait")]
    [InlineData("results")]
    public async Task A_place_for_failed_lines_that_cannot_be_written_is_told_before_anything_is_sent(string command)
    {
        var nowhere = Path.Combine(_cli.PathOf("none"), "errors.jsonl");
        string[] rest = ["-o", _cli.PathOf("results.jsonl"), "--errors", nowhere];
        string[] what = command switch
        {
            "run" => ["run", _cli.WriteRequests("a")],
            "wait" => ["wait", "batch_00000000000000000000000000000000"],
            _ => ["results", "batch_00000000000000000000000000000000", "--follow"],
        };

        (await _cli.RunAsync([.. what, .. rest])).AssertOneLine(ExitCodes.LocalFile, "The results cannot be written:", "errors.jsonl");
        Assert.False(_cli.Has("results.jsonl.part"));
    }

    [Fact]
    public async Task One_file_for_results_and_failed_lines_is_refused()
    {
        var run = await _cli.RunAsync("run", _cli.WriteRequests("a"), "-o", _cli.PathOf("one.jsonl"), "--errors", _cli.PathOf("./one.jsonl"));

        run.AssertExit(ExitCodes.Usage);
        Assert.Contains("-o and --errors name one file", run.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-o", "")]
    [InlineData("-o", "results.jsonl", "--errors", "")]
    public async Task A_file_without_a_name_is_refused(params string[] places)
    {
        var run = await _cli.RunAsync([.. new[] { "run", _cli.WriteRequests("a") }, .. places]);

        run.AssertExit(ExitCodes.Usage);
        Assert.Contains("The name of a file is empty", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_file_is_written_to_and_not_replaced()
    {
        if (!OperatingSystem.IsLinux())
        {
            // The names are Linux's.
            return;
        }

        using var pipe = new AnonymousPipeServerStream(PipeDirection.In);
        var input = _cli.WriteRequests("a", "b");

        var run = await _cli.RunAsync("run", input, "-o", $"/proc/self/fd/{pipe.GetClientHandleAsString()}", "--errors", "/dev/null");
        pipe.DisposeLocalCopyOfClientHandle();

        run.AssertExit(ExitCodes.Done);
        using var reader = new StreamReader(pipe);
        Assert.Equal(["a", "b"], CliDriver.IdsIn(await reader.ReadToEndAsync()));
        var full = await _cli.RunAsync("run", input, "-o", "/dev/full", "--quiet");
        full.AssertExit(ExitCodes.LocalFile);
        Assert.Matches("The results cannot be written: No space left on device.*\\. Batch batch_\\w+ has ended\\. `batch results batch_\\w+ -o /dev/full` downloads its results", full.Errors);
        Assert.False(File.Exists("/dev/full.part") || File.Exists("/dev/null.part"));
    }

    [Fact]
    public async Task An_input_that_is_not_valid_is_told_line_by_line()
    {
        var input = _cli.Write("requests.jsonl", CliDriver.LineOf("a"), "rubbish", CliDriver.LineOf("a"));

        var run = await _cli.RunAsync("run", input, "-o", _cli.PathOf("results.jsonl"));

        run.AssertExit(ExitCodes.BatchFailed);
        Assert.Contains("line 2: This line is not parseable as valid JSON. (invalid_json_line)", run.Errors, StringComparison.Ordinal);
        Assert.Contains("line 3: ", run.Errors, StringComparison.Ordinal);
        Assert.False(_cli.Has("results.jsonl"));
    }

    [Fact]
    public async Task Without_an_output_it_says_how_to_download_and_that_works()
    {
        var run = await _cli.RunAsync("run", _cli.WriteRequests("a", "FAIL"), "--quiet");

        run.AssertExit(ExitCodes.LinesFailed);
        Assert.Contains($"`batch results {run.BatchId} -o results.jsonl`", run.Errors, StringComparison.Ordinal);
        var toOutput = await _cli.RunAsync("results", run.BatchId);
        var toFiles = await _cli.RunAsync("results", run.BatchId, "-o", _cli.PathOf("all.jsonl"));
        Assert.Equal(["a"], CliDriver.IdsIn(toOutput.Output));
        Assert.Equal(["a"], CliDriver.IdsIn(_cli.Read("all.jsonl")));
        Assert.Equal(["FAIL"], CliDriver.IdsIn(_cli.Read("all.errors.jsonl")));
        Assert.Equal((ExitCodes.LinesFailed, ExitCodes.LinesFailed), (toOutput.ExitCode, toFiles.ExitCode));
    }

    [Fact]
    public async Task Without_waiting_the_id_alone_is_on_standard_output()
    {
        var made = await _cli.RunAsync("run", _cli.WriteRequests("a"), "--no-wait");
        var waited = await _cli.RunAsync("wait", made.Output.TrimEnd(), "-o", _cli.PathOf("results.jsonl"), "--json");

        made.AssertExit(ExitCodes.Done);
        Assert.Matches("^batch_[0-9a-f]{32}$", made.Output.TrimEnd());
        waited.AssertExit(ExitCodes.Done);
        Assert.Equal(["a"], CliDriver.IdsIn(_cli.Read("results.jsonl")));
        Assert.Equal("completed", JsonDocument.Parse(waited.Output).RootElement.GetProperty("status").GetString());
    }

    [Fact]
    public async Task Without_waiting_the_batch_itself_is_on_standard_output_where_it_is_asked_for()
    {
        var made = await _cli.RunAsync("run", _cli.WriteRequests("a"), "--no-wait", "--json");

        made.AssertExit(ExitCodes.Done);
        var batch = JsonDocument.Parse(made.Output).RootElement;
        Assert.Equal(("batch", "validating"), (batch.GetProperty("object").GetString(), batch.GetProperty("status").GetString()));
    }

    [Fact]
    public async Task Requests_may_come_from_standard_input()
    {
        var requests = await File.ReadAllBytesAsync(_cli.WriteRequests("a", "b"));
        _cli.CommandEnvironment = _cli.CommandEnvironment with { StandardInput = () => new MemoryStream(requests) };

        var check = await _cli.RunAsync("check", "-");
        var run = await _cli.RunAsync("run", "-", "-o", _cli.PathOf("results.jsonl"));

        check.AssertOneLine(ExitCodes.Done, "stdin.jsonl is valid: 2 lines");
        run.AssertExit(ExitCodes.Done);
        Assert.Equal(["a", "b"], CliDriver.IdsIn(_cli.Read("results.jsonl")));
    }

    [Fact]
    public async Task Notes_and_the_window_go_with_the_batch()
    {
        var run = await _cli.RunAsync(
            "run", _cli.WriteRequests("a"), "--metadata", "team=search", "--metadata", "sign=a=b", "--completion-window", "24h", "--json");

        run.AssertExit(ExitCodes.Done);
        var batch = JsonDocument.Parse(run.Output).RootElement;
        Assert.Equal("""{"team":"search","sign":"a=b"}""", JsonSerializer.Serialize(batch.GetProperty("metadata")));
        Assert.Equal("24h", batch.GetProperty("completion_window").GetString());
    }

    [Fact]
    public async Task A_file_uploaded_in_parts_is_the_same_file()
    {
        _cli.CommandEnvironment = _cli.CommandEnvironment with { PartBytes = 200 };

        var run = await _cli.RunAsync("run", _cli.WriteRequests("a", "b", "c", "d"), "--parts", "-o", _cli.PathOf("results.jsonl"));

        run.AssertExit(ExitCodes.Done);
        Assert.Equal(["a", "b", "c", "d"], CliDriver.IdsIn(_cli.Read("results.jsonl")));
        var batch = JsonDocument.Parse((await _cli.RunAsync("show", run.BatchId, "--json")).Output).RootElement;
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = new("Bearer", _service.Key);
        Assert.Equal(
            _cli.Read("requests.jsonl"),
            await http.GetStringAsync(new Uri($"{_service.Endpoint}/files/{batch.GetProperty("input_file_id").GetString()}/content")));
    }

    [Fact]
    public async Task A_name_that_no_header_bears_is_uploaded_all_the_same()
    {
        File.Move(_cli.WriteRequests("a"), _cli.PathOf("fünf \"Anfragen\".jsonl"));

        var run = await _cli.RunAsync("run", _cli.PathOf("fünf \"Anfragen\".jsonl"), "-o", _cli.PathOf("results.jsonl"));

        run.AssertExit(ExitCodes.Done);
    }
}
