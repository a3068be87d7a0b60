using System.Net;
using System.Net.Sockets;
using System.Text;
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

        Assert.True(Assert.IsType<UpstreamOutcome.Answered>(await fixture.SendAsync()).IsSuccess);
        Assert.Equal(2, fixture.Upstream.CallsOf("line"));
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
        await fixture.Time.AdvanceUntilAsync(() => sending.IsCompleted, TimeSpan.FromMilliseconds(500));

        var answer = Assert.IsType<UpstreamOutcome.Answered>(await sending);
        Assert.Equal(2, fixture.Upstream.CallsOf("line"));
        Assert.Equal(200_000, answer.Body.Bytes);
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
    public async Task A_line_that_breaks_the_connection_while_others_go_through_is_sent_alone_and_then_fails()
    {
        await using var fixture = await UpstreamFixture.StartAsync(
            call => call.Marker == "killer" ? ScriptedAnswer.ConnectionReset() : ScriptedAnswer.Chat(call));

        var sending = fixture.SendAsync("killer");
        for (var line = 0; !sending.IsCompleted; line++)
        {
            Assert.True(Assert.IsType<UpstreamOutcome.Answered>(await SendAsync(fixture, $"line-{line}")).IsSuccess);
        }

        var failed = Assert.IsType<UpstreamOutcome.Failed>(await sending);
        Assert.Equal("upstream_unreachable", failed.Code);
        Assert.Contains("broke 6 times", failed.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("127.0.0.1", failed.Message, StringComparison.Ordinal);
        Assert.Equal(6, fixture.Upstream.CallsOf("killer"));

        // Before each of the last three it was asked whether it is alive.
        Assert.Equal(3, fixture.Upstream.Calls.Count(call => call.Path == "/v1/models"));
    }

    [Fact]
    public async Task An_upstream_that_breaks_every_connection_fails_no_line_for_that()
    {
        var isBroken = true;
        await using var fixture = await UpstreamFixture.StartAsync(
            call => Volatile.Read(ref isBroken) ? ScriptedAnswer.ConnectionReset() : ScriptedAnswer.Chat(call));

        var lines = Enumerable.Range(0, 8).Select(line => fixture.SendAsync($"line-{line}")).ToList();
        await fixture.Time.AdvanceUntilAsync(() => fixture.Upstream.Calls.Count >= 20, TimeSpan.FromMilliseconds(500));
        Volatile.Write(ref isBroken, false);
        await fixture.Time.AdvanceUntilAsync(() => lines.TrueForAll(line => line.IsCompleted), TimeSpan.FromMilliseconds(500));

        Assert.All(await Task.WhenAll(lines), outcome => Assert.True(
            outcome is UpstreamOutcome.Postponed or UpstreamOutcome.Answered { IsSuccess: true }, $"{outcome}"));
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

        Assert.True(Assert.IsType<UpstreamOutcome.Answered>(await sending).IsSuccess);
        Assert.Equal(2, fixture.Upstream.CallsOf("line"));
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

    /// <summary>A reverse proxy that refuses a body for its announced length, and closes without having read it.</summary>
    [Fact]
    public async Task A_refusal_that_comes_before_the_body_is_read_is_the_lines_own_answer()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var fixture = await UpstreamFixture.StartAsync(
            configure: options => options.BaseUrl = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/v1");
#pragma warning disable CA2025 // It has ended before the listener is disposed of.
        var refusing = RefuseAsync(listener);
#pragma warning restore CA2025

        var body = Encoding.UTF8.GetBytes($$"""{"input":"{{new string('x', 4 * 1024 * 1024)}}"}""");
        using var memory = await fixture.Client.TakeMemoryAsync(body.Length, default);
        var answer = Assert.IsType<UpstreamOutcome.Answered>(await fixture.SendAsync("/v1/embeddings", body, memory));

        Assert.Equal(413, answer.StatusCode);
        await refusing;
    }

    [Fact]
    public async Task While_many_lines_time_out_together_none_is_charged_and_fewer_are_sent()
    {
        var isBusy = true;
        await using var fixture = await UpstreamFixture.StartAsync(
            call => Volatile.Read(ref isBusy) ? Never(call) : ScriptedAnswer.Chat(call),
            options => options.MaxAttempts = 1);

        var lines = Enumerable.Range(0, 8).Select(line => fixture.SendAsync($"line-{line}")).ToList();
        await Eventually.UntilAsync(() => fixture.Upstream.InFlight == 8, "the calls are in flight");
        Volatile.Write(ref isBusy, false);
        fixture.Time.Advance(UpstreamFixture.Timeout);
        await fixture.Time.AdvanceUntilAsync(() => lines.TrueForAll(line => line.IsCompleted), TimeSpan.FromMilliseconds(500));

        Assert.All(await Task.WhenAll(lines), outcome => Assert.True(
            outcome is UpstreamOutcome.Answered { IsSuccess: true } or UpstreamOutcome.Postponed { Line.Attempts: 0 }, $"{outcome}"));
    }

    [Fact]
    public async Task While_the_upstream_is_down_one_line_waits_to_ask_it_and_the_others_go_to_storage_uncharged()
    {
        await using var fixture = await UpstreamFixture.StartAsync();
        await fixture.Upstream.StopAsync();

        var lines = Enumerable.Range(0, 8).Select(line => fixture.SendAsync($"line-{line}", UpstreamFixture.Charged(2))).ToList();
        await fixture.Time.AdvanceUntilAsync(() => lines.Count(line => line.IsCompleted) == 7, TimeSpan.FromMilliseconds(500));
        foreach (var line in lines.Where(line => line.IsCompleted))
        {
            var postponed = Assert.IsType<UpstreamOutcome.Postponed>(await line);
            Assert.Equal(2, postponed.Line.Attempts);
            Assert.InRange(postponed.Delay, TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1));
        }

        (_, var text) = Assert.Single(fixture.Logs.Records, record => record.Level == LogLevel.Warning);
        Assert.StartsWith("The upstream cannot be reached (Connection refused): check Batch__Upstream__BaseUrl", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', text);

        _ = await fixture.Upstream.StartAsync();
        var asking = lines.Single(line => !line.IsCompleted);
        await fixture.Time.AdvanceUntilAsync(() => asking.IsCompleted, TimeSpan.FromMilliseconds(500));
        Assert.True(Assert.IsType<UpstreamOutcome.Answered>(await asking).IsSuccess);
        Assert.Single(fixture.Logs.Records, record => record.Text.StartsWith("The upstream is back after", StringComparison.Ordinal));
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
        using var shutdown = new CancellationTokenSource();

        var sending = fixture.SendAsync(ct: shutdown.Token);
        await Eventually.UntilAsync(
            () => fixture.Logs.Records.Any(record => record.Text.StartsWith("The upstream cannot be reached", StringComparison.Ordinal)),
            "the operator is told");
        await shutdown.CancelAsync();

        Assert.Equal(0, (await Assert.ThrowsAsync<UpstreamCancelledException>(() => sending)).Line.Attempts);
        Assert.Empty(fixture.Upstream.Calls);
    }

    [Theory]
    [InlineData(401, "Batch__Upstream__ApiKey")]
    [InlineData(403, "Batch__Upstream__ApiKey")]
    [InlineData(307, "to https://elsewhere.example/v1?…:")]
    public async Task What_the_operator_must_put_right_charges_no_line_and_is_said_once(int status, string words)
    {
        await using var fixture = await UpstreamFixture.StartAsync(
            _ => ScriptedAnswer.Error(status).WithHeader("Location", "https://elsewhere.example/v1?key=secret-key"),
            options => options.ApiKey = "secret-key");
        using var shutdown = new CancellationTokenSource();

        var lines = Enumerable.Range(0, 8).Select(line => fixture.SendAsync($"line-{line}", UpstreamFixture.Charged(4), shutdown.Token)).ToList();
        await fixture.Time.AdvanceUntilAsync(() => fixture.Upstream.Calls.Count >= 20, TimeSpan.FromMilliseconds(500));
        await shutdown.CancelAsync();

        foreach (var line in lines)
        {
            var state = (await Record.ExceptionAsync(() => line)) is UpstreamCancelledException e
                ? e.Line
                : Assert.IsType<UpstreamOutcome.Postponed>(await line).Line;
            Assert.Equal((4, status), (state.Attempts, state.Last!.Status));
        }

        (var level, var text) = Assert.Single(fixture.Logs.Records, record => record.Level >= LogLevel.Warning);
        Assert.Equal(LogLevel.Error, level);
        Assert.Contains(words, text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-key", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Neither_keys_nor_bodies_are_logged_at_any_level()
    {
        await using var fixture = await UpstreamFixture.StartAsync(
            call => ScriptedAnswer.Error(call.Number % 2 == 0 ? 503 : 401, "answer-text"), options => options.ApiKey = "secret-key");
        using var shutdown = new CancellationTokenSource();

        var sending = fixture.SendAsync("prompt-text", ct: shutdown.Token);
        await fixture.Time.AdvanceUntilAsync(() => fixture.Upstream.Calls.Count >= 8, TimeSpan.FromMilliseconds(500));
        await shutdown.CancelAsync();
        await Assert.ThrowsAsync<UpstreamCancelledException>(() => sending);

        Assert.NotEmpty(fixture.Logs.Records);
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

    private static async Task RefuseAsync(TcpListener listener)
    {
        using var connection = await listener.AcceptTcpClientAsync();
        await using var stream = connection.GetStream();
        using var reader = new StreamReader(stream, leaveOpen: true);
        while (await reader.ReadLineAsync() is { Length: > 0 })
        {
            // The head, to its blank line.
        }

        await stream.WriteAsync("HTTP/1.1 413 Content Too Large\r\nContent-Type: application/json\r\nContent-Length: 23\r\nConnection: close\r\n\r\n{\"detail\":\"too large\"}\n"u8.ToArray());
    }

    private static async Task<UpstreamOutcome> SendAsync(UpstreamFixture fixture, string marker)
    {
        var sending = fixture.SendAsync(marker);
        await fixture.Time.AdvanceUntilAsync(() => sending.IsCompleted, TimeSpan.FromMilliseconds(500));
        return await sending;
    }

    private static ScriptedAnswer Never(ScriptedCall call) =>
        ScriptedAnswer.Chat(call).After(new TaskCompletionSource().Task);
}
