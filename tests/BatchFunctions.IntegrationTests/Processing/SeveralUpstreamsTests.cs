using BatchFunctions.Batches;
using BatchFunctions.Fleet;
using BatchFunctions.Processing;
using BatchFunctions.Testing;
using BatchFunctions.Upstream;
using BatchFunctions.Wakeups;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>Batches before several upstreams: which serves what, and who takes over for whom.</summary>
public sealed class SeveralUpstreamsTests : IAsyncLifetime
{
    private readonly string _account = TestStorage.NewStrictAccount();
    private readonly ScriptedUpstream _a = new();
    private readonly ScriptedUpstream _b = new();

    public async Task InitializeAsync()
    {
        await _a.StartAsync();
        await _b.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await _a.DisposeAsync();
        await _b.DisposeAsync();
    }

    [Fact]
    public async Task Each_line_goes_to_an_upstream_that_serves_its_model_under_the_name_that_it_has_there()
    {
        await using var driver = await StartAsync(("a:Models", "llama-*"), ("b:Models", "qwen"), ("b:Aliases", "gpt-4o=qwen"));

        var ended = await driver.RunToEndAsync(await driver.CreateAsync(LinesOf(12, "llama-3.1-8b", "qwen", "gpt-4o")));

        var (output, _) = await driver.AssertPromiseAsync(ended, 12);
        Assert.Equal((BatchStatus.Completed, 12, null), (ended.Status, output.Count, ended.Model));
        Assert.Equal(["llama-3.1-8b"], ModelsOf(_a).Distinct());
        Assert.Equal(["qwen"], ModelsOf(_b).Distinct());
        Assert.Equal((4, 8), (_a.Calls.Count, _b.Calls.Count));

        // The answer's model is the upstream's own word.
        Assert.All(output, line => Assert.Equal("scripted", line.GetProperty("response").GetProperty("body").GetProperty("model").GetString()));
    }

    [Fact]
    public async Task One_that_is_down_keeps_nobody_from_another_that_serves_the_same()
    {
        await _a.StopAsync();
        await using var driver = await StartAsync(("a:Models", "scripted"), ("b:Models", "scripted"));

        var ended = await driver.RunToEndAsync(await driver.CreateAsync(60));

        var (output, _) = await driver.AssertPromiseAsync(ended, 60);
        Assert.Equal((60, 60), (output.Count, _b.Calls.Count));
    }

    [Fact]
    public async Task While_one_refuses_for_an_hour_the_other_takes_all()
    {
        _a.Answer(_ => ScriptedAnswer.Error(429, "slow down").RetryAfter(3600));
        await using var driver = await StartAsync(("a:Models", "scripted"), ("b:Models", "scripted"));

        var ended = await driver.RunToEndAsync(await driver.CreateAsync(60));

        var (output, _) = await driver.AssertPromiseAsync(ended, 60);
        Assert.Equal((60, 60), (output.Count, _b.Calls.Count));
    }

    [Fact]
    public async Task Lines_for_one_that_is_away_keep_back_themselves_alone_and_go_when_it_is_back()
    {
        await _a.StopAsync();
        await using var driver = await StartAsync(("a:Models", "llama"), ("b:Models", "qwen"));
        var batch = await driver.CreateAsync(LinesOf(20, "llama", "qwen"));
        driver.StartPump();

        await driver.WaitForAsync(batch, one => one.Counts.Completed == 10, "the other's lines are done");
        await _a.StartAsync();

        var (output, _) = await driver.AssertPromiseAsync(await driver.WaitForEndAsync(batch), 20);
        Assert.Equal((20, 10, 10), (output.Count, _a.Calls.Count(call => call.Marker.Length > 0), _b.Calls.Count));
    }

    [Fact]
    public async Task A_model_that_nobody_serves_fails_the_batch_before_anything_is_sent()
    {
        await using var driver = await StartAsync(("a:Models", "llama-*,mistral"), ("b:Models", "qwen"));

        var ended = await driver.RunToEndAsync(await driver.CreateAsync(LinesOf(3, "qwen", "gpt-5", "llama-3")));

        Assert.Equal(BatchStatus.Failed, ended.Status);
        var error = Assert.Single(ended.Errors!);
        Assert.Equal(("model_not_found", "body.model", 2), (error.Code, error.Param, error.Line));
        Assert.Equal("The model 'gpt-5' does not exist here. What can be batched: 'mistral', 'qwen', 'llama-*'.", error.Message);
        Assert.Empty(_a.Calls.Concat(_b.Calls));
    }

    [Fact]
    public async Task One_without_a_list_takes_what_the_others_do_not_name()
    {
        await using var driver = await StartAsync(("a:Models", "llama"), ("b:Timeout", "00:01:00"));

        var ended = await driver.RunToEndAsync(await driver.CreateAsync(LinesOf(4, "llama", "gpt-5")));

        await driver.AssertPromiseAsync(ended, 4);
        Assert.Equal((2, 2), (_a.Calls.Count, _b.Calls.Count));
    }

    [Fact]
    public async Task Lines_whose_model_nobody_serves_any_more_end_with_an_error_line_each()
    {
        var batch = await BeginAsync(("a:Models", "llama"), ("b:Models", "qwen"));
        await using var later = await StartAsync(("a:Models", "mistral"), ("b:Models", "qwen"));

        var ended = await later.RunToEndAsync(batch);

        var (output, error) = await later.AssertPromiseAsync(ended, 8);
        Assert.Equal((BatchStatus.Completed, 4, 4), (ended.Status, output.Count, error.Count));
        Assert.All(error, line => Assert.Equal("model_not_found", line.GetProperty("error").GetProperty("code").GetString()));
        Assert.Empty(_a.Calls);
    }

    [Fact]
    public async Task A_model_that_has_moved_is_found_where_it_is_now()
    {
        var batch = await BeginAsync(("a:Models", "llama,qwen"), ("b:Models", "mistral"));
        await using var later = await StartAsync(("a:Models", "mistral"), ("b:Models", "llama,qwen"));

        var (output, _) = await later.AssertPromiseAsync(await later.RunToEndAsync(batch), 8);

        Assert.Equal((8, 0, 8), (output.Count, _a.Calls.Count, _b.Calls.Count));
    }

    [Fact]
    public async Task Each_upstream_has_a_ledger_and_a_limit_of_its_own()
    {
        _a.Answer(call => ScriptedAnswer.Chat(call).After(TimeSpan.FromMilliseconds(20)));
        _b.Answer(call => ScriptedAnswer.Chat(call).After(TimeSpan.FromMilliseconds(20)));
        await using var driver = await StartAsync(("a:Models", "scripted"), ("a:Concurrency", "3"), ("b:Models", "scripted"), ("b:Concurrency", "2"));

        var ended = await driver.RunToEndAsync(await driver.CreateAsync(100));

        await driver.AssertPromiseAsync(ended, 100);
        Assert.Equal((3, 2), (_a.MostInFlight, _b.MostInFlight));
        var shares = driver.Get<ShareStore>();
        await Eventually.UntilAsync(
            async () => (await shares.ReadAsync("a", default)).Entries.Count + (await shares.ReadAsync("b", default)).Entries.Count == 0,
            TimeSpan.FromSeconds(30),
            "no share is held");
        Assert.All(driver.Get<UpstreamRegistry>().Upstreams, upstream => Assert.Equal(0, upstream.Gate.Read().InFlight));
    }

    private static string LinesOf(int count, params IReadOnlyList<string> models) => string.Concat(Enumerable.Range(0, count).Select(line =>
        InputLines.Chat($"line-{line}", $"m{line}").Replace("\"scripted\"", $"\"{models[line % models.Count]}\"", StringComparison.Ordinal)));

    private static IEnumerable<string> ModelsOf(ScriptedUpstream upstream) =>
        upstream.Calls.Select(call => call.Json.GetProperty("model").GetString()!);

    /// <summary>A batch of two chunks that is validated under these settings, and whose lines nobody has sent.</summary>
    private async Task<Batch> BeginAsync(params IEnumerable<(string Name, string Value)> settings)
    {
        await using var driver = await StartAsync([.. settings, ("/Batch:ChunkLines", "4")]);
        driver.Withheld.Add(BatchMessageKind.Chunk);
        var batch = await driver.CreateAsync(LinesOf(8, "llama", "qwen"));
        await driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);
        return batch;
    }

    private Task<BatchDriver> StartAsync(params IEnumerable<(string Name, string Value)> settings)
    {
        var values = new Dictionary<string, string?> { ["Batch:Upstream:BaseUrl"] = "" };
        foreach (var (name, upstream) in new[] { ("a", _a), ("b", _b) })
        {
            values[$"Batch:Upstreams:{name}:BaseUrl"] = upstream.Address.ToString();
            values[$"Batch:Upstreams:{name}:Concurrency"] = "8";
            values[$"Batch:Upstreams:{name}:RetryDelay"] = "00:00:00.010";
            values[$"Batch:Upstreams:{name}:LongestWait"] = "00:00:00.500";
        }

        foreach (var (name, value) in settings)
        {
            values[name[0] == '/' ? name[1..] : $"Batch:Upstreams:{name}"] = value;
        }

        return BatchDriver.StartAsync(_account, _a.Address, values);
    }
}
