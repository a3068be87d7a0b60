using System.Net;
using BatchFunctions.Testing;
using BatchFunctions.Upstream;

namespace BatchFunctions.Tests.Upstream;

/// <summary>Several upstreams that serve one model.</summary>
public sealed class SharedUpstreamTests
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(500);

    [Fact]
    public async Task Lines_go_where_the_fewest_are_for_what_each_may_have_and_the_next_where_a_place_is_first_free()
    {
        await using var fixture = await SharedFixture.StartAsync(options => options.Concurrency = "2", options => options.Concurrency = "4");
        var (release, releaseA) = (new TaskCompletionSource(), new TaskCompletionSource());
        fixture.A.Answer(call => ScriptedAnswer.Chat(call).After(releaseA.Task));
        fixture.B.Answer(call => ScriptedAnswer.Chat(call).After(release.Task));
        using var turn = fixture.Join(lines: 10);
        var lines = new List<Task<UpstreamOutcome>>();
        for (var line = 0; line < 6; line++)
        {
            lines.Add(fixture.SendAsync(turn, $"{line}"));
            await Eventually.UntilAsync(() => fixture.A.InFlight + fixture.B.InFlight == line + 1, "the line is in flight");

            // Neither is ahead of the other by more than a line's part.
            Assert.InRange((fixture.A.InFlight / 2.0) - (fixture.B.InFlight / 4.0), -0.5, 0.5);
        }

        lines.AddRange(Enumerable.Range(6, 4).Select(line => fixture.SendAsync(turn, $"{line}")));
        Assert.Equal((2, 4), (fixture.A.Calls.Count, fixture.B.Calls.Count));
        releaseA.SetResult();
        await Eventually.UntilAsync(() => lines.Count(line => line.IsCompleted) == 6, "those that wait go where a place is free");

        Assert.Equal((6, 4), (fixture.A.Calls.Count, fixture.B.Calls.Count));
        release.SetResult();
        await Task.WhenAll(lines);
    }

    [Theory]
    [InlineData(503)]
    [InlineData(429)]
    [InlineData(401)]
    public async Task What_one_does_not_take_now_another_takes_at_once_and_the_line_is_charged_nothing(int status)
    {
        await using var fixture = await SharedFixture.StartAsync(null, options => options.Concurrency = "1");
        fixture.A.Answer(_ => ScriptedAnswer.Error(status).RetryAfter(30));
        using var turn = fixture.Join(lines: 5);

        // The clock stands still: nothing is waited for.
        foreach (var line in Enumerable.Range(0, 5))
        {
            var answer = Assert.IsType<UpstreamOutcome.Answered>(await fixture.SendAsync(turn, $"{line}", UpstreamFixture.Charged(4)));
            Assert.True(answer.IsSuccess);
        }

        Assert.Equal(5, fixture.B.Calls.Count);
    }

    [Fact]
    public async Task While_one_is_down_the_other_takes_all_and_when_it_is_back_a_line_finds_out()
    {
        await using var fixture = await SharedFixture.StartAsync(null, null);
        await fixture.A.StopAsync();
        using var turn = fixture.Join(lines: 100);
        for (var line = 0; fixture.B.Calls.Count < 20; line++)
        {
            await fixture.SendAsync(turn, $"{line}");
        }

        Assert.NotNull(fixture.Entry("a").Gate.Condition.AwaySince);
        _ = await fixture.A.StartAsync();
        await fixture.SendAsync(turn, "too soon");
        Assert.Equal(0, fixture.A.CallsOf("too soon"));
        fixture.Time.Advance(UpstreamBreaker.ProbeInterval);
        await fixture.SendAsync(turn, "probe");

        Assert.Equal(1, fixture.A.CallsOf("probe"));
        Assert.Null(fixture.Entry("a").Gate.Condition.AwaySince);
    }

    [Fact]
    public async Task Where_all_are_away_the_line_waits_in_storage_as_it_does_for_one()
    {
        await using var fixture = await SharedFixture.StartAsync(null, null);
        await fixture.A.StopAsync();
        await fixture.B.StopAsync();
        using var turn = fixture.Join(lines: 2);
        var stays = fixture.SendAsync(turn, "stays", ct: new CancellationTokenSource().Token);
        var line = fixture.SendAsync(turn, "line");
        await fixture.Time.AdvanceUntilAsync(() => line.IsCompleted || stays.IsCompleted, Step);

        var postponed = Assert.IsType<UpstreamOutcome.Postponed>(await await Task.WhenAny(line, stays));
        Assert.Equal((0, 0), (postponed.Line.Attempts, postponed.Line.Breaks));
    }

    [Fact]
    public async Task A_refusal_that_both_repeat_is_the_lines_own_by_what_others_meet_at_each()
    {
        await using var fixture = await SharedFixture.StartAsync(null, null);
        foreach (var upstream in fixture.Upstreams.Values)
        {
            upstream.Answer(call => call.Marker == "poison" ? ScriptedAnswer.Error(500, "boom") : ScriptedAnswer.Chat(call));
        }

        using var turn = fixture.Join(lines: 1000);
        var poison = fixture.SendAsync(turn, "poison");
        var other = 0;
        while (!poison.IsCompleted)
        {
            await fixture.SendAsync(turn, $"{other++}");
            fixture.Time.Advance(Step);
        }

        var answer = Assert.IsType<UpstreamOutcome.Answered>(await poison);
        Assert.Equal(500, answer.StatusCode);
        Assert.InRange(fixture.A.CallsOf("poison") + fixture.B.CallsOf("poison"), 2, 8);
    }

    [Fact]
    public async Task A_line_that_breaks_connections_breaks_as_many_at_all_together_as_at_one()
    {
        await using var fixture = await SharedFixture.StartAsync(null, null);
        foreach (var upstream in fixture.Upstreams.Values)
        {
            upstream.Answer(call => call.Marker == "killer" ? ScriptedAnswer.ConnectionReset() : ScriptedAnswer.Chat(call));
        }

        using var turn = fixture.Join(lines: 10_000);
        var killer = fixture.SendAsync(turn, "killer");
        var others = 0;
        while (!killer.IsCompleted)
        {
            var other = fixture.SendAsync(turn, $"{others++}");
            await fixture.Time.AdvanceUntilAsync(() => other.IsCompleted, Step);
            await other;
        }

        Assert.Equal(UpstreamOutcome.Failed.UpstreamUnreachable, Assert.IsType<UpstreamOutcome.Failed>(await killer).Code);
        Assert.InRange(fixture.A.CallsOf("killer") + fixture.B.CallsOf("killer"), Verdicts.MaxBreaks, Verdicts.MaxBreaksWithoutOthers);
    }

    [Fact]
    public async Task Whoever_gives_up_waiting_at_several_waits_at_none()
    {
        await using var fixture = await SharedFixture.StartAsync(options => options.Concurrency = "1", options => options.Concurrency = "1");
        var release = new TaskCompletionSource();
        foreach (var upstream in fixture.Upstreams.Values)
        {
            upstream.Answer(call => ScriptedAnswer.Chat(call).After(release.Task));
        }

        using var turn = fixture.Join(lines: 5);
        var first = new[] { fixture.SendAsync(turn, "1"), fixture.SendAsync(turn, "2") };
        await Eventually.UntilAsync(() => fixture.A.InFlight + fixture.B.InFlight == 2, "both are full");
        using var cancel = new CancellationTokenSource();
        var waiting = fixture.SendAsync(turn, "3", ct: cancel.Token);
        var next = fixture.SendAsync(turn, "4");
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        release.SetResult();
        await Task.WhenAll([.. first, next]);

        Assert.Equal(3, fixture.A.Calls.Count + fixture.B.Calls.Count);
        Assert.Equal((0, 0), (fixture.Entry("a").Gate.Read().InFlight, fixture.Entry("b").Gate.Read().InFlight));
        Assert.Equal(0, fixture.A.CallsOf("3") + fixture.B.CallsOf("3"));
    }

    [Fact]
    public async Task An_alias_is_sent_as_the_upstream_has_it_and_the_rest_of_the_body_as_it_is()
    {
        await using var fixture = await SharedFixture.StartAsync(
            options => options.Aliases["scripted"] = "meta/\"llama\"-é", options => options.Models.Add("other"));
        using var turn = fixture.Join();
        var answer = Assert.IsType<UpstreamOutcome.Answered>(await fixture.SendAsync(turn, "line"));

        Assert.Equal((int)HttpStatusCode.OK, answer.StatusCode);
        var call = Assert.Single(fixture.A.Calls);
        Assert.Equal("meta/\"llama\"-é", call.Json.GetProperty("model").GetString());
        Assert.Equal("line", call.Marker);
        Assert.Equal(call.Body.Length, call.Headers.ContentLength);
        Assert.Empty(fixture.B.Calls);
    }

    [Fact]
    public async Task Lines_of_mixed_batches_are_told_to_each_upstream_as_far_as_they_may_come_its_way()
    {
        await using var fixture = await SharedFixture.StartAsync(options => options.Models.Add("scripted"), options => options.Models.Add("other"));
        using (var turn = fixture.Join(lines: 10, model: null))
        {
            turn.See(fixture.Registry.RouteOf("scripted")!);
            turn.Done();
            turn.See(fixture.Registry.RouteOf("other")!);
            turn.Done();

            Assert.Equal((4, 4), (Waiting("a"), Waiting("b")));
        }

        Assert.Equal((0, 0), (Waiting("a"), Waiting("b")));

        int Waiting(string name) => fixture.Entry(name).Gate.Read().Waiting.Sum(one => one.Lines);
    }
}
