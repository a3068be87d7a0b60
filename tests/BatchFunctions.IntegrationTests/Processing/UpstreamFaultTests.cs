using System.Text.Json;
using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Testing;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>What a batch makes of an upstream that answers badly, late, or not at all.</summary>
public sealed class UpstreamFaultTests
{
    [Fact]
    public async Task Every_way_to_answer_has_its_line()
    {
        await using var upstream = await new ScriptedUpstream().Answer(AnswerOf).StartAsync();
        await using var driver = await BatchDriver.StartAsync(
            TestStorage.NewStrictAccount(),
            upstream.Address,
            new Dictionary<string, string?>
            {
                ["Batch:Lease"] = "00:05:00",
                ["Batch:Upstream:Timeout"] = "00:00:03",
                ["Batch:Upstream:LongestWait"] = "00:00:20",
                ["Batch:Upstream:MaxAttempts"] = "3",
                ["Batch:Upstream:MaxResponseBytes"] = "4096",
            });

        // Half a minute to a minute, and now and then several: the last of the lines that fail wait for each other.
        driver.Deadline = TimeSpan.FromMinutes(10);
        var ended = await driver.RunToEndAsync(await driver.CreateAsync(40));
        Assert.Equal(BatchStatus.Completed, ended.Status);
        var (output, error) = await driver.AssertPromiseAsync(ended, 40);
        Assert.Empty(driver.Faults);

        // Those that are at fault themselves, and no other.
        Assert.Equal(
            new[] { 4, 5, 6, 7, 8, 9, 10, 12, 13 }.Select(line => $"line-{line}").Order(), error.Select(IdOf).Order());
        var failed = error.ToDictionary(IdOf);
        (int? Status, string? Code) Of(int line) => (StatusOf(failed[$"line-{line}"]), CodeOf(failed[$"line-{line}"]));
        Assert.Equal((200, "invalid_response"), Of(4));
        Assert.Equal("<html>log in</html>", BodyOf(failed["line-4"]).GetString());
        Assert.Equal((null, "response_too_large"), Of(5));

        // The reset that cuts an answer off may overtake what was sent of it.
        Assert.Contains(Of(6).Code, new[] { "invalid_response", "upstream_unreachable" });
        Assert.Equal((null, "request_timeout"), Of(7));
        Assert.Equal((400, null), Of(8));
        Assert.Equal((307, null), Of(9));
        Assert.Equal((500, null), Of(10));
        Assert.Equal((null, "upstream_unreachable"), Of(12));
        Assert.Equal((null, "invalid_response"), Of(13));
        Assert.Contains("chatcmpl-scripted", failed["line-13"].GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);

        // Nobody has named the requests, so the service has.
        Assert.All(output.Concat(error.Where(line => StatusOf(line) is not null)), line => Assert.Equal(
            line.GetProperty("id").GetString()!["batch_".Length..], line.GetProperty("response").GetProperty("request_id").GetString()));

        // One call where no other would answer better, two where the second is answered in the same words; as many as are
        // allowed where another might be answered otherwise.
        Assert.Equal([1, 3, 1, 1, 3], new[] { 0, 4, 5, 8, 13 }.Select(line => upstream.CallsOf($"m{line}")));
        Assert.Equal(6, upstream.CallsOf("m12"));

        // Where the others are slow as well, on a busy machine, a line is not charged each time.
        Assert.InRange(upstream.CallsOf("m7"), 3, 20);
        Assert.All(new[] { 9, 10 }, line => Assert.InRange(upstream.CallsOf($"m{line}"), 2, 20));
    }

    [Fact]
    public async Task A_key_that_is_refused_from_one_moment_on_fails_no_line()
    {
        var refuses = false;
        await using var upstream = await new ScriptedUpstream()
            .Answer(call =>
            {
                Volatile.Write(ref refuses, Volatile.Read(ref refuses) || call.Number == 1 && call.Sequence == 150);
                return Volatile.Read(ref refuses) ? ScriptedAnswer.Error(401) : ScriptedAnswer.Chat(call);
            })
            .StartAsync();
        await using var driver = await BatchDriver.StartAsync(TestStorage.NewStrictAccount(), upstream.Address);
        var batch = await driver.CreateAsync(300);
        driver.StartPump();
        await Eventually.UntilAsync(
            () => upstream.CallsByMarker.Values.Any(calls => calls > 1), "a refused line has been sent again after a pause");
        Assert.Equal(0, (await driver.ReadAsync(batch)).Counts.Failed);
        upstream.Answer(ScriptedAnswer.Chat);
        var ended = await driver.WaitForEndAsync(batch);
        Assert.Equal(BatchStatus.Completed, ended.Status);
        Assert.Equal(new RequestCounts(300, 300, 0), ended.Counts);
        await driver.AssertPromiseAsync(ended, 300);
        Assert.Empty(driver.Faults);
    }

    [Fact]
    public async Task While_the_upstream_is_down_the_chunks_wait_in_storage_and_no_line_uses_up_an_attempt()
    {
        await using var upstream = await new ScriptedUpstream().StartAsync();
        await upstream.StopAsync();
        await using var driver = await BatchDriver.StartAsync(
            TestStorage.NewStrictAccount(),
            upstream.Address,
            new Dictionary<string, string?>
            {
                // As shipped, or more: on a machine at work, a message that is late is not lost.
                ["Batch:Lease"] = "00:01:00",
                ["Batch:WakeUpLost"] = "00:02:00",
                ["Batch:ProgressLost"] = "00:10:00",
            });
        driver.ComesBackAfter = TimeSpan.FromMinutes(3);
        var batch = await driver.CreateAsync(300);
        driver.StartPump();

        // Down for so long that all but the one that asks now and then have gone back to storage.
        IReadOnlyList<Chunk> chunks = [];
        await Eventually.UntilAsync(
            async () => (chunks = await driver.Chunks.ListAsync(batch.Id, CancellationToken.None).ToListAsync())
                .Count(chunk => chunk is { Owner: null, NotBefore: not null }) >= 2,
            TimeSpan.FromMinutes(2),
            "chunks wait in storage");
        Assert.All(chunks, chunk => Assert.All(chunk.Left.Values, line => Assert.Equal(0, line.State.Attempts)));
        await upstream.StartAsync();
        var ended = await driver.WaitForEndAsync(batch);
        Assert.Equal(new RequestCounts(300, 300, 0), ended.Counts);
        await driver.AssertPromiseAsync(ended, 300);
        Assert.Empty(driver.Faults);
    }

    [Fact]
    public async Task A_long_wait_that_the_upstream_asks_for_is_spent_in_storage()
    {
        await using var upstream = await new ScriptedUpstream()
            .Answer(call => call.Number == 1 ? ScriptedAnswer.Error(429).RetryAfter(3) : ScriptedAnswer.Chat(call))
            .StartAsync();
        await using var driver = await BatchDriver.StartAsync(TestStorage.NewStrictAccount(), upstream.Address);
        var batch = await driver.CreateAsync(8);
        driver.StartPump();
        Chunk? first = null;
        await Eventually.UntilAsync(
            async () => (first = await driver.Chunks.FindAsync(batch.Id, 0, CancellationToken.None)) is { NotBefore: not null },
            TimeSpan.FromMinutes(1),
            "the chunk waits");
        Assert.Null(first!.Owner);

        // What was said is not forgotten with the run, and no line is charged for it.
        Assert.NotEmpty(first.Left);
        Assert.All(first.Left.Values, line => Assert.Equal((0, 429), (line.State.Attempts, line.State.Last!.Status)));
        var ended = await driver.WaitForEndAsync(batch);
        Assert.Equal(new RequestCounts(8, 8, 0), ended.Counts);
        Assert.All(upstream.CallsByMarker, calls => Assert.Equal(2, calls.Value));
        await driver.AssertPromiseAsync(ended, 8);
    }

    [Theory]
    [InlineData("00:00:20")]
    [InlineData("00:00:00.500")]
    public async Task What_was_last_answered_is_in_the_errors_of_lines_that_a_cancel_cuts_off(string longestWait)
    {
        // Waiting in memory with the shipped setting, and in storage with the short one.
        await using var upstream = await new ScriptedUpstream().Answer(_ => ScriptedAnswer.Error(503, "Loading model")).StartAsync();
        await using var driver = await BatchDriver.StartAsync(
            TestStorage.NewStrictAccount(),
            upstream.Address,
            new Dictionary<string, string?> { ["Batch:Upstream:LongestWait"] = longestWait, ["Batch:Lease"] = "00:01:00" });
        var batch = await driver.CreateAsync(3);
        driver.StartPump();
        await Eventually.UntilAsync(() => upstream.CallsByMarker.Count == 3, "all lines have been refused");
        if (longestWait == "00:00:00.500")
        {
            await Eventually.UntilAsync(
                async () => (await driver.Chunks.FindAsync(batch.Id, 0, CancellationToken.None))?.Left.Values.Any(line => line.State.Last is not null) == true,
                TimeSpan.FromMinutes(1),
                "the row has what was answered");
        }

        Assert.NotNull(await driver.Get<BatchCancellation>().CancelAsync(batch.Key, CancellationToken.None));
        var ended = await driver.WaitForEndAsync(batch);
        var (_, errors) = await driver.AssertPromiseAsync(ended, 3);
        Assert.All(errors, line => Assert.Equal("batch_cancelled", CodeOf(line)));
        Assert.All(errors, line => Assert.EndsWith(
            "The upstream's last answer was 503: Loading model",
            line.GetProperty("error").GetProperty("message").GetString(),
            StringComparison.Ordinal));
    }

    private static ScriptedAnswer AnswerOf(ScriptedCall call) => int.Parse(call.Marker[1..], null) switch
    {
        0 => ScriptedAnswer.PrettyJson(new { id = "x", choices = Array.Empty<object>() }),
        1 => call.Number < 3 ? ScriptedAnswer.Error(503) : ScriptedAnswer.Chat(call),
        2 => call.Number < 3 ? ScriptedAnswer.ConnectionReset() : ScriptedAnswer.Chat(call),
        3 => call.Number < 2 ? ScriptedAnswer.Error(429).RetryAfter(1) : ScriptedAnswer.Chat(call).Gzipped(),
        4 => ScriptedAnswer.Text("<html>log in</html>"),
        5 => ScriptedAnswer.OfSize(5000),
        6 => ScriptedAnswer.Chat(call).CutOff(),
        7 => ScriptedAnswer.Chat(call).After(TimeSpan.FromMinutes(1)),
        8 => ScriptedAnswer.Error(400),
        9 => ScriptedAnswer.Redirect(new Uri("http://127.0.0.1:9/")),
        10 => ScriptedAnswer.Error(500),
        11 => call.Number < 6 ? ScriptedAnswer.Error(429) : ScriptedAnswer.Chat(call),
        12 => ScriptedAnswer.ConnectionReset(),

        // A label that lies, as some gateways' do, and a name that no text can be made of: each is its own line's affair.
        13 => ScriptedAnswer.Chat(call).WithHeader("Content-Encoding", "br"),
        14 => ScriptedAnswer.Text("""{"id":"x","usage":{"\ud800":1}}""", "application/json"),
        _ => ScriptedAnswer.Chat(call).After(TimeSpan.FromMilliseconds(200)),
    };

    private static string IdOf(JsonElement line) => line.GetProperty("custom_id").GetString()!;

    private static JsonElement BodyOf(JsonElement line) => line.GetProperty("response").GetProperty("body");

    private static int? StatusOf(JsonElement line) =>
        line.GetProperty("response") is { ValueKind: JsonValueKind.Object } response ? response.GetProperty("status_code").GetInt32() : null;

    private static string? CodeOf(JsonElement line) =>
        line.GetProperty("error") is { ValueKind: JsonValueKind.Object } error ? error.GetProperty("code").GetString() : null;
}
