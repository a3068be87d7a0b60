using System.Text.Json;
using BatchFunctions.Cli;
using BatchFunctions.IntegrationTests.Clients;
using BatchFunctions.Metering;
using BatchFunctions.Testing;

namespace BatchFunctions.IntegrationTests.Cli;

/// <summary><c>batch usage</c> against the whole service.</summary>
public sealed class UsageCommandTests : IAsyncLifetime
{
    private ScriptedUpstream _upstream = null!;
    private ServiceDriver _service = null!;
    private CliDriver _cli = null!;

    public async Task InitializeAsync()
    {
        _upstream = await new ScriptedUpstream()
            .Answer(call => call.Marker == "b" ? ScriptedAnswer.Error(422) : ScriptedAnswer.Chat(call))
            .StartAsync();
        _service = await ServiceDriver.StartAsync(
            new Dictionary<string, string?> { ["Batch:Upstream:BaseUrl"] = _upstream.Address.ToString() });
        _cli = new CliDriver(_service.Endpoint, _service.Key);
    }

    public async Task DisposeAsync()
    {
        _cli.Dispose();
        await _service.DisposeAsync();
        await _upstream.DisposeAsync();
    }

    [Fact]
    public async Task What_a_run_has_used_is_shown_by_day_and_by_model()
    {
        (await _cli.RunAsync("usage")).AssertOneLine(ExitCodes.Done, "No batch ended in that time.");
        var input = _cli.PathOf("input.jsonl");
        await File.WriteAllTextAsync(input, InputLines.Chat("a", "a") + InputLines.Chat("b", "b"));
        await _cli.RunAsync("run", input, "-o", _cli.PathOf("output.jsonl"));
        await Eventually.UntilAsync(
            async () => await _service.Get<UsageStore>().ListAsync("clients", new DateOnly(2020, 1, 1), new DateOnly(2100, 1, 1), default).AnyAsync(),
            TimeSpan.FromMinutes(1),
            "the batch is counted");

        var days = await _cli.RunAsync("usage");
        var models = await _cli.RunAsync("usage", "--by", "model", "--since", "1d");
        var json = JsonDocument.Parse((await _cli.RunAsync("usage", "--json")).Output).RootElement;

        days.AssertExit(ExitCodes.Done);
        Assert.Matches(@"DAY\s+BATCHES\s+LINES\s+COMPLETED\s+FAILED\s+INPUT TOKENS\s+OUTPUT TOKENS\s+TIME", days.Output);
        Assert.Matches(@"20\d\d-\d\d-\d\d\s+1\s+2\s+1\s+1\s+7\s+3\s", days.Output);
        Assert.Matches(@"total\s+1\s+2\s+1\s+1", days.Output);
        Assert.Contains("Failures: 1 422", days.Output, StringComparison.Ordinal);
        Assert.Matches(@"scripted\s+1\s+2\s+1\s+1", models.Output);
        Assert.Equal(30, json.GetProperty("data").GetArrayLength());
        (await _cli.RunAsync("usage", "--by", "key")).AssertExit(ExitCodes.Usage);
        (await _cli.RunAsync("usage", "--since", "2y")).AssertExit(ExitCodes.Usage);
        (await _cli.RunAsync("usage", "--since", "400d")).AssertOneLine(ExitCodes.Refused, "366");
    }
}
