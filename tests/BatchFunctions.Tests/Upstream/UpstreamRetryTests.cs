using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using BatchFunctions.Testing;
using BatchFunctions.Upstream;

namespace BatchFunctions.Tests.Upstream;

public sealed class UpstreamRetryTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData(408)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    [InlineData(529)]
    public async Task A_passing_fault_is_tried_again_after_a_wait(int status)
    {
        await using var fixture = await UpstreamFixture.StartAsync(
            call => call.Number == 1 ? ScriptedAnswer.Error(status) : ScriptedAnswer.Chat(call));

        var sending = fixture.SendAsync();
        _ = await fixture.Time.NextWaitAsync();
        Assert.Equal(1, fixture.Upstream.CallsOf("line"));
        fixture.Time.Advance(fixture.Options.LongestWait);

        Assert.True(Assert.IsType<UpstreamOutcome.Answered>(await sending).IsSuccess);
        Assert.Equal(2, fixture.Upstream.CallsOf("line"));
    }

    [Fact]
    public async Task Waits_grow_from_attempt_to_attempt_and_never_beyond_the_longest()
    {
        await using var fixture = await UpstreamFixture.StartAsync(
            call => ScriptedAnswer.Text($"answer {call.Number}"), options => options.MaxAttempts = 12);

        var sending = fixture.SendAsync();
        var waits = new List<TimeSpan>();
        while (waits.Count < 11)
        {
            waits.Add(await fixture.Time.PassNextWaitAsync());
        }

        Assert.False(Assert.IsType<UpstreamOutcome.Answered>(await sending).IsSuccess);
        Assert.Equal(12, fixture.Upstream.CallsOf("line"));
        Assert.All(waits, wait => Assert.InRange(wait, TimeSpan.FromTicks(1), fixture.Options.LongestWait));
        Assert.True(waits[0] < waits[^1], "the first wait is the shortest");
        Assert.InRange(waits[^1], fixture.Options.LongestWait * 0.75, fixture.Options.LongestWait);
    }

    [Fact]
    public async Task A_line_that_has_used_up_its_attempts_ends_with_its_last_answer()
    {
        await using var fixture = await UpstreamFixture.StartAsync(
            call => ScriptedAnswer.Text($"answer {call.Number}"), options => options.MaxAttempts = 3);

        var sending = fixture.SendAsync();
        _ = await fixture.Time.PassNextWaitAsync();
        _ = await fixture.Time.PassNextWaitAsync();

        var answer = Assert.IsType<UpstreamOutcome.Answered>(await sending);
        Assert.False(answer.IsSuccess);
        Assert.Equal("answer 3", JsonSerializer.Deserialize<string>(WrittenBody.Of(answer)));
    }

    [Fact]
    public async Task A_line_that_is_charged_for_the_same_words_again_ends_with_them()
    {
        await using var fixture = await UpstreamFixture.StartAsync(
            call => call.Marker == "line" ? ScriptedAnswer.Error(500, "image input is not supported") : ScriptedAnswer.Chat(call));

        var sending = fixture.SendAsync();
        for (var charged = 0; charged < 2; charged++)
        {
            var wait = await fixture.Time.NextWaitAsync();
            _ = await fixture.SendAsync("other");
            fixture.Time.Advance(wait);
        }

        Assert.Equal("image input is not supported", MessageOf(Assert.IsType<UpstreamOutcome.Answered>(await sending)));
        Assert.Equal(3, fixture.Upstream.CallsOf("line"));
    }

    [Fact]
    public async Task What_an_upstream_explains_to_everybody_for_long_ends_a_line()
    {
        await using var fixture = await UpstreamFixture.StartAsync(_ => ScriptedAnswer.Error(500, "image input is not supported"));

        var began = fixture.Time.GetUtcNow();
        var sending = fixture.SendAsync();
        while (!sending.IsCompleted)
        {
            await fixture.Time.AdvanceUntilAsync(() => sending.IsCompleted, Second);
            if (await sending is UpstreamOutcome.Postponed postponed)
            {
                fixture.Time.Advance(Second);
                sending = fixture.SendAsync(postponed.Line);
            }
        }

        Assert.Equal("image input is not supported", MessageOf(Assert.IsType<UpstreamOutcome.Answered>(await sending)));
        Assert.InRange(fixture.Time.GetUtcNow() - began, Verdicts.ExplainedAtFirst, Verdicts.ExplainedAtFirst * 2);
    }

    /// <summary>Gateways that have begun to answer cannot take their status back.</summary>
    [Theory]
    [InlineData("""{"error":{"code":502,"message":"Provider returned error"},"user_id":"u"}""", 502)]
    [InlineData("""{"error":{"code":"429","message":"slow down"}}""", 429)]
    [InlineData("""{"choices":null,"error":{"message":"no code"}}""", 500)]
    [InlineData("""{"error":{"code":"rate_limited","message":"no status"}}""", 500)]
    public async Task An_error_that_comes_as_a_success_is_an_error(string body, int status)
    {
        await using var fixture = await UpstreamFixture.StartAsync(
            call => call.Number == 1 ? ScriptedAnswer.Text(body) : ScriptedAnswer.Chat(call));

        var sending = fixture.SendAsync();
        await fixture.Time.AdvanceUntilAsync(() => sending.IsCompleted, Second);

        Assert.True(Assert.IsType<UpstreamOutcome.Answered>(await sending).IsSuccess);
        Assert.Equal(2, fixture.Upstream.CallsOf("line"));
        Assert.Equal(status, AnswerBody.Of(Encoding.UTF8.GetBytes(body)).ErrorStatus);
    }

    [Theory]
    [InlineData("""{"choices":[{"message":{"content":"x"}}],"error":{"code":502}}""")]
    [InlineData("""{"object":"response","status":"failed","error":{"code":"server_error"},"output":[]}""")]
    [InlineData("""{"choices":[],"error":null}""")]
    [InlineData("""{"data":[],"error":"not an object"}""")]
    public async Task A_success_with_something_to_keep_is_kept_whatever_else_it_says(string body)
    {
        await using var fixture = await UpstreamFixture.StartAsync(_ => ScriptedAnswer.Text(body));

        Assert.True(Assert.IsType<UpstreamOutcome.Answered>(await fixture.SendAsync()).IsSuccess);
        Assert.Equal(1, fixture.Upstream.CallsOf("line"));
    }

    [Fact]
    public async Task Attempts_of_earlier_runs_count()
    {
        await using var fixture = await UpstreamFixture.StartAsync(_ => ScriptedAnswer.Text("no"));

        var outcome = await fixture.SendAsync(UpstreamFixture.Charged(fixture.Options.MaxAttempts - 1));

        Assert.False(Assert.IsType<UpstreamOutcome.Answered>(outcome).IsSuccess);
        Assert.Equal(1, fixture.Upstream.CallsOf("line"));
    }

    [Theory]
    [InlineData("<html>busy</html>")]
    [InlineData("")]
    [InlineData("{\"cut\":")]
    public async Task A_success_that_is_no_json_is_tried_again(string text)
    {
        await using var fixture = await UpstreamFixture.StartAsync(
            call => call.Number == 1 ? ScriptedAnswer.Text(text) : ScriptedAnswer.Chat(call));

        var sending = fixture.SendAsync();
        _ = await fixture.Time.PassNextWaitAsync();

        Assert.True(Assert.IsType<UpstreamOutcome.Answered>(await sending).IsSuccess);
    }

    [Fact]
    public async Task A_success_that_stays_no_json_is_no_success()
    {
        await using var fixture = await UpstreamFixture.StartAsync(_ => ScriptedAnswer.Text("<html>"));

        var answer = Assert.IsType<UpstreamOutcome.Answered>(
            await fixture.SendAsync(UpstreamFixture.Charged(fixture.Options.MaxAttempts - 1)));

        Assert.Equal(200, answer.StatusCode);
        Assert.True(answer.Body.NotJson);
        Assert.False(answer.IsSuccess);
    }

    [Theory]
    [InlineData("Retry-After", "7", 7)]
    [InlineData("Retry-After", "1.5", 1.5)]
    [InlineData("retry-after-ms", "2500", 2.5)]
    public async Task A_wait_that_the_upstream_asks_for_is_kept_and_spread(string header, string value, double seconds)
    {
        await using var fixture = await UpstreamFixture.StartAsync(
            call => call.Number == 1 ? ScriptedAnswer.Error(429).WithHeader(header, value) : ScriptedAnswer.Chat(call));

        var sending = fixture.SendAsync();
        var wait = await fixture.Time.PassNextWaitAsync();

        Assert.InRange(wait, Second * seconds, Second * seconds * 1.25);
        Assert.True(Assert.IsType<UpstreamOutcome.Answered>(await sending).IsSuccess);
    }

    [Fact]
    public async Task A_date_that_the_upstream_asks_to_wait_for_is_kept()
    {
        await using var fixture = await UpstreamFixture.StartAsync();
        var date = fixture.Time.GetUtcNow().AddSeconds(9);
        _ = fixture.Upstream.Answer(
            call => call.Number == 1 ? ScriptedAnswer.Error(503).RetryAfter(date) : ScriptedAnswer.Chat(call));

        var sending = fixture.SendAsync();
        var wait = await fixture.Time.PassNextWaitAsync();

        Assert.InRange(wait, Second * 9, Second * 9 * 1.25);
        Assert.True(Assert.IsType<UpstreamOutcome.Answered>(await sending).IsSuccess);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("soon")]
    [InlineData("-3")]
    [InlineData("Fri, 31 Dec 1999 23:59:59 GMT")]
    public async Task A_wait_that_cannot_be_read_or_lies_behind_is_left_to_the_backoff(string value)
    {
        await using var fixture = await UpstreamFixture.StartAsync(
            call => call.Number == 1
                ? ScriptedAnswer.Error(429).WithHeader("Retry-After", value)
                : ScriptedAnswer.Chat(call));

        var sending = fixture.SendAsync();
        var wait = await fixture.Time.PassNextWaitAsync();

        Assert.InRange(wait, TimeSpan.FromTicks(1), fixture.Options.LongestWait);
        fixture.Time.Advance(fixture.Options.LongestWait);
        Assert.True(Assert.IsType<UpstreamOutcome.Answered>(await sending).IsSuccess);
    }

    [Theory]
    [InlineData(21, 21)]
    [InlineData(600, 600)]
    [InlineData(86_400, 3600)]
    public async Task A_longer_wait_than_a_chunk_sits_through_postpones_the_line(int asked, int postponed)
    {
        await using var fixture = await UpstreamFixture.StartAsync(_ => ScriptedAnswer.Error(429).RetryAfter(asked));

        var outcome = Assert.IsType<UpstreamOutcome.Postponed>(await fixture.SendAsync(UpstreamFixture.Charged(2)));

        Assert.InRange(outcome.Delay, TimeSpan.FromSeconds(postponed), Min(TimeSpan.FromSeconds(postponed) * 1.25, TimeSpan.FromHours(1)));
        Assert.Equal((2, 429, "scripted error"), (outcome.Line.Attempts, outcome.Line.Last!.Status, outcome.Line.Last.Message));
    }

    [Fact]
    public async Task What_is_the_upstreams_fault_is_charged_to_no_line_however_often()
    {
        await using var fixture = await UpstreamFixture.StartAsync(
            call => call.Number <= 20 ? ScriptedAnswer.Error(503) : ScriptedAnswer.Chat(call),
            options => options.MaxAttempts = 1);

        var sending = fixture.SendAsync();
        await fixture.Time.AdvanceUntilAsync(() => sending.IsCompleted, Second);

        Assert.True(Assert.IsType<UpstreamOutcome.Answered>(await sending).IsSuccess);
        Assert.Equal(21, fixture.Upstream.CallsOf("line"));
    }

    /// <summary>Its own waits grow, and would have it come back long after the upstream has.</summary>
    [Theory]
    [InlineData(401)]
    [InlineData(307)]
    [InlineData(503)]
    public async Task While_nobody_gets_through_a_line_asks_every_five_seconds_however_often_it_was_refused(int status)
    {
        var asked = new ConcurrentQueue<DateTimeOffset>();
        UpstreamFixture? late = null;
        await using var fixture = await UpstreamFixture.StartAsync(call =>
        {
            asked.Enqueue(late!.Time.GetUtcNow());
            return call.Number <= 20 ? ScriptedAnswer.Error(status) : ScriptedAnswer.Chat(call);
        });
        late = fixture;

        var sending = fixture.SendAsync();
        var record = fixture.Registry.Upstreams[0].Record;
        while (!sending.IsCompleted)
        {
            // No time passes while an attempt is under way.
            await Eventually.UntilAsync(() => sending.IsCompleted || record.FaultsInARow == fixture.Gate.Sent, "what was sent has been judged");
            fixture.Time.Advance(Second / 4);
        }

        Assert.True(Assert.IsType<UpstreamOutcome.Answered>(await sending).IsSuccess);
        var gaps = asked.Skip(3).Zip(asked.Skip(4), (one, next) => next - one).Order().ToList();
        Assert.True(gaps[0] >= 5 * Second, $"{gaps[0]}");

        // Time may pass between the judgement of one attempt and the wait for the next, so a few may be longer.
        Assert.True(gaps[gaps.Count / 2] <= 6 * Second, $"{gaps[gaps.Count / 2]}");
    }

    [Fact]
    public async Task A_cancellation_is_told_from_a_time_out_and_keeps_the_count_of_attempts()
    {
        await using var fixture = await UpstreamFixture.StartAsync(
            call => call.Number == 1
                ? ScriptedAnswer.Text("no")
                : ScriptedAnswer.Chat(call).After(new TaskCompletionSource().Task));
        using var shutdown = new CancellationTokenSource();

        var sending = fixture.SendAsync(UpstreamFixture.Charged(1), shutdown.Token);
        _ = await fixture.Time.PassNextWaitAsync();
        await Eventually.UntilAsync(() => fixture.Upstream.InFlight == 1, "the second attempt is in flight");
        await shutdown.CancelAsync();

        var cancelled =
            await Assert.ThrowsAsync<UpstreamCancelledException>(() => sending);
        Assert.Equal(2, cancelled.Line.Attempts);
        Assert.Equal(shutdown.Token, cancelled.CancellationToken);
    }

    /// <summary>A run that is to end would cut a second attempt off, and pay for it.</summary>
    [Fact]
    public async Task A_run_that_drains_puts_off_what_it_would_send_again()
    {
        await using var fixture = await UpstreamFixture.StartAsync(_ => ScriptedAnswer.Text("no"));
        using var drain = new CancellationTokenSource();
        fixture.Drain = drain.Token;

        var sending = fixture.SendAsync();
        var wait = await fixture.Time.NextWaitAsync();
        await drain.CancelAsync();

        var postponed = Assert.IsType<UpstreamOutcome.Postponed>(await sending);
        Assert.Equal(1, postponed.Line.Attempts);
        Assert.InRange(postponed.Delay, wait - TimeSpan.FromMilliseconds(1), wait + TimeSpan.FromMilliseconds(1));
        Assert.IsType<UpstreamOutcome.Postponed>(await fixture.SendAsync());
        Assert.Equal(2, fixture.Upstream.CallsOf("line"));
    }

    [Fact]
    public async Task A_cancellation_ends_a_wait()
    {
        await using var fixture = await UpstreamFixture.StartAsync(_ => ScriptedAnswer.Text("no"));
        using var shutdown = new CancellationTokenSource();

        var sending = fixture.SendAsync(ct: shutdown.Token);
        _ = await fixture.Time.NextWaitAsync();
        await shutdown.CancelAsync();

        Assert.Equal(1, (await Assert.ThrowsAsync<UpstreamCancelledException>(() => sending)).Line.Attempts);
    }

    [Fact]
    public async Task A_cancellation_between_a_passing_fault_and_its_wait_makes_no_final_answer_of_it()
    {
        await using var fixture = await UpstreamFixture.StartAsync();
        using var shutdown = new CancellationTokenSource();
        _ = fixture.Upstream.Answer(_ =>
        {
            // Asked for the time when an answer has been read, to reckon its Retry-After with.
            fixture.Time.AtNextReading = shutdown.Cancel;
            return ScriptedAnswer.Error(503);
        });

        var cancelled = await Assert.ThrowsAsync<UpstreamCancelledException>(
            () => fixture.SendAsync(ct: shutdown.Token));

        Assert.Equal((0, 503), (cancelled.Line.Attempts, cancelled.Line.Last!.Status));
    }

    private static TimeSpan Min(TimeSpan left, TimeSpan right) => left < right ? left : right;

    private static string? MessageOf(UpstreamOutcome.Answered answer) =>
        JsonSerializer.Deserialize<JsonElement>(WrittenBody.Of(answer)).GetProperty("error").GetProperty("message").GetString();
}
