using BatchFunctions.Testing;
using BatchFunctions.Upstream;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Tests.Upstream;

public sealed class UpstreamConnectionTests
{
    [Fact]
    public async Task A_connection_that_is_reset_is_tried_again()
    {
        await using var fixture = await UpstreamFixture.StartAsync(
            call => call.Number == 1 ? ScriptedAnswer.ConnectionReset() : ScriptedAnswer.Chat(call));

        var sending = fixture.SendAsync();
        _ = await fixture.Time.PassNextWaitAsync();

        Assert.Equal(2, Assert.IsType<UpstreamOutcome.Answered>(await sending).Attempts);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_answer_that_is_cut_off_is_tried_again(bool compressed)
    {
        await using var fixture = await UpstreamFixture.StartAsync(call =>
        {
            var whole = ScriptedAnswer.OfSize(200_000);
            return call.Number > 1 ? whole : (compressed ? whole.Gzipped() : whole).CutOff();
        });

        var sending = fixture.SendAsync();
        _ = await fixture.Time.PassNextWaitAsync();

        var answer = Assert.IsType<UpstreamOutcome.Answered>(await sending);
        Assert.Equal(2, answer.Attempts);
        Assert.Equal(200_000, answer.Body.Length);
    }

    /// <summary>Gateways do this. What a decoder throws at it is this line's, with what came kept.</summary>
    [Theory]
    [InlineData("br")]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task An_answer_that_is_not_compressed_as_its_label_says_is_tried_again_and_then_fails_with_what_came(string encoding)
    {
        await using var fixture = await UpstreamFixture.StartAsync(
            call => ScriptedAnswer.Chat(call).WithHeader("Content-Encoding", encoding), options => options.MaxAttempts = 2);

        var sending = fixture.SendAsync();
        _ = await fixture.Time.PassNextWaitAsync();

        var failed = Assert.IsType<UpstreamOutcome.Failed>(await sending);
        Assert.Equal("invalid_response", failed.Code);
        Assert.Contains("\"chatcmpl-scripted\"", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_keeps_breaking_ends_the_line_as_unreachable()
    {
        await using var fixture = await UpstreamFixture.StartAsync(
            _ => ScriptedAnswer.ConnectionReset(), options => options.MaxAttempts = 2);

        var sending = fixture.SendAsync();
        _ = await fixture.Time.PassNextWaitAsync();

        var failed = Assert.IsType<UpstreamOutcome.Failed>(await sending);
        Assert.Equal("upstream_unreachable", failed.Code);
        Assert.Equal(2, failed.Attempts);
        Assert.DoesNotContain("127.0.0.1", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_takes_too_long_is_tried_again()
    {
        await using var fixture = await UpstreamFixture.StartAsync(
            call => call.Number == 1 ? Never(call) : ScriptedAnswer.Chat(call));

        var sending = fixture.SendAsync();
        await Eventually.UntilAsync(() => fixture.Upstream.InFlight == 1, "the call is in flight");
        fixture.Time.Advance(UpstreamFixture.Timeout);
        _ = await fixture.Time.PassNextWaitAsync();

        Assert.Equal(2, Assert.IsType<UpstreamOutcome.Answered>(await sending).Attempts);
    }

    [Fact]
    public async Task A_last_answer_that_takes_too_long_ends_the_line_with_request_timeout()
    {
        await using var fixture = await UpstreamFixture.StartAsync(Never, options => options.MaxAttempts = 1);

        var sending = fixture.SendAsync();
        await Eventually.UntilAsync(() => fixture.Upstream.InFlight == 1, "the call is in flight");
        fixture.Time.Advance(UpstreamFixture.Timeout);

        var failed = Assert.IsType<UpstreamOutcome.Failed>(await sending);
        Assert.Equal("request_timeout", failed.Code);
        Assert.Equal("The upstream did not respond within 420 seconds.", failed.Message);
    }

    [Fact]
    public async Task An_upstream_that_is_down_postpones_the_line_and_uses_up_no_attempt()
    {
        await using var fixture = await UpstreamFixture.StartAsync();
        await fixture.Upstream.StopAsync();

        var sending = fixture.SendAsync(attemptsUsed: 2);
        for (var tries = 1; tries < 4; tries++)
        {
            _ = await fixture.Time.PassNextWaitAsync();
        }

        var postponed = Assert.IsType<UpstreamOutcome.Postponed>(await sending);
        Assert.Equal(PostponeReason.Unreachable, postponed.Reason);
        Assert.Equal(fixture.Options.Pause, postponed.Delay);
        Assert.Equal(2, postponed.Attempts);
        (_, var text) = Assert.Single(fixture.Logs.Records, record => record.Level == LogLevel.Warning);
        Assert.StartsWith("The upstream cannot be reached (Connection refused): check Batch__Upstream__BaseUrl", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', text);
    }

    [Fact]
    public async Task An_upstream_that_comes_back_while_a_line_tries_to_connect_costs_the_line_nothing()
    {
        await using var fixture = await UpstreamFixture.StartAsync();
        await fixture.Upstream.StopAsync();

        var sending = fixture.SendAsync();
        var wait = await fixture.Time.NextWaitAsync();
        _ = await fixture.Upstream.StartAsync();
        fixture.Time.Advance(wait);

        Assert.Equal(1, Assert.IsType<UpstreamOutcome.Answered>(await sending).Attempts);
    }

    [Theory]
    [InlineData("http://no-such-host.invalid/v1")]
    [InlineData("https://127.0.0.1:PORT/v1")]
    public async Task A_name_that_is_not_known_and_a_server_without_tls_are_unreachable_too(string baseUrl)
    {
        await using var fixture = await UpstreamFixture.StartAsync(configure: options =>
        {
            options.BaseUrl = baseUrl.Replace("PORT", new Uri(options.BaseUrl!).Port.ToString(), StringComparison.Ordinal);
            options.MaxAttempts = 1;
        });

        var sending = fixture.SendAsync();
        _ = await fixture.Time.NextWaitAsync();

        // As much time as a chunk sits through: whatever comes next, it is not another wait.
        fixture.Time.Advance(fixture.Options.LongestWait);

        Assert.Equal(PostponeReason.Unreachable, Assert.IsType<UpstreamOutcome.Postponed>(await sending).Reason);
        Assert.Empty(fixture.Upstream.Calls);
    }

    [Theory]
    [InlineData(401)]
    [InlineData(403)]
    public async Task A_refused_key_postpones_the_line_uses_up_no_attempt_and_is_said_once(int status)
    {
        await using var fixture = await UpstreamFixture.StartAsync(
            _ => ScriptedAnswer.Error(status), options => options.ApiKey = "secret-key");

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => fixture.SendAsync(attemptsUsed: 4)));

        Assert.All(outcomes, outcome => Assert.Equal(
            new UpstreamOutcome.Postponed(4, PostponeReason.OperatorFault, fixture.Options.Pause), outcome));
        (var level, var text) = Assert.Single(fixture.Logs.Records, record => record.Level >= LogLevel.Warning);
        Assert.Equal(LogLevel.Error, level);
        Assert.Contains("Batch__Upstream__ApiKey", text, StringComparison.Ordinal);

        fixture.Time.Advance(fixture.Options.Pause);
        _ = await fixture.SendAsync();
        Assert.Equal(2, fixture.Logs.Records.Count(record => record.Level == LogLevel.Error));
    }

    [Fact]
    public async Task Neither_keys_nor_bodies_are_logged_at_any_level()
    {
        await using var fixture = await UpstreamFixture.StartAsync(
            call => call.Number == 1 ? ScriptedAnswer.Error(429, "answer-text").RetryAfter(600) : ScriptedAnswer.Error(401, "answer-text"),
            options => options.ApiKey = "secret-key");

        _ = await fixture.SendAsync("prompt-text");
        _ = await fixture.SendAsync("prompt-text");

        Assert.Equal(2, fixture.Logs.Records.Count);
        Assert.All(fixture.Logs.Records, record =>
        {
            Assert.DoesNotContain("secret-key", record.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("prompt-text", record.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("answer-text", record.Text, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task An_address_that_does_not_parse_is_refused_with_what_to_write_instead()
    {
        await using var fixture = await UpstreamFixture.StartAsync(configure: options => options.BaseUrl = "localhost:8000");

        var refused = Assert.Throws<OptionsValidationException>(() => fixture.Client);

        Assert.Contains("http://127.0.0.1:8000/v1", refused.Message, StringComparison.Ordinal);
    }

    private static ScriptedAnswer Never(ScriptedCall call) =>
        ScriptedAnswer.Chat(call).After(new TaskCompletionSource().Task);
}
