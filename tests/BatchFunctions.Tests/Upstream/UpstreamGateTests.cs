using BatchFunctions.Testing;
using BatchFunctions.Upstream;

namespace BatchFunctions.Tests.Upstream;

public sealed class UpstreamGateTests
{
    [Fact]
    public async Task No_more_lines_are_in_flight_than_the_setting_says()
    {
        var release = new TaskCompletionSource();
        await using var fixture = await UpstreamFixture.StartAsync(
            call => ScriptedAnswer.Chat(call).After(release.Task), options => options.Concurrency = "3");

        Task[] lines = [.. Enumerable.Range(0, 10).Select(line => fixture.SendAsync($"line-{line}"))];
        await Eventually.UntilAsync(() => fixture.Upstream.InFlight == 3, "three lines are in flight");
        release.SetResult();
        await Task.WhenAll(lines);

        Assert.Equal(10, fixture.Upstream.Calls.Count);
        Assert.Equal(3, fixture.Upstream.MostInFlight);
    }

    [Fact]
    public async Task Places_are_given_in_the_order_of_asking_and_a_cancelled_wait_takes_none()
    {
        await using var fixture = await UpstreamFixture.StartAsync(configure: options => options.Concurrency = "1");
        using var cancelled = new CancellationTokenSource();

        var first = await EnterAsync(fixture);
        var second = fixture.Gate.EnterAsync(Join(fixture), 0, leadsChunk: true, cancelled.Token);
        var third = EnterAsync(fixture);
        var fourth = EnterAsync(fixture);
        await cancelled.CancelAsync();
        _ = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);

        first.Dispose();
        using (await third)
        {
            Assert.False(fourth.IsCompleted);
        }

        Assert.Equal(1, (await fourth).InFlight);
    }

    [Fact]
    public async Task A_line_that_waits_for_its_next_attempt_holds_no_place()
    {
        await using var fixture = await UpstreamFixture.StartAsync(
            call => call.Marker == "refused" ? ScriptedAnswer.Error(500, $"answer {call.Number}") : ScriptedAnswer.Chat(call),
            options => options.Concurrency = "1");

        var refused = fixture.SendAsync("refused");
        _ = await fixture.Time.NextWaitAsync();
        Assert.True(Assert.IsType<UpstreamOutcome.Answered>(await fixture.SendAsync("line")).IsSuccess);

        Assert.False(refused.IsCompleted);
    }

    /// <summary>One in ten that a gateway cannot serve must not slow the others down.</summary>
    [Fact]
    public async Task What_is_refused_while_others_go_through_lowers_no_limit()
    {
        await using var fixture = await UpstreamFixture.StartAsync(
            call => call.Marker == "refused" ? ScriptedAnswer.Error(502) : ScriptedAnswer.Chat(call),
            options => options.Concurrency = "8");
        var refused = new List<Task>();
        for (var round = 0; round < 5; round++)
        {
            refused.Add(fixture.SendAsync("refused"));

            // The gate has taken note of it: three of which it heard behind each other would be an upstream that is away.
            await Eventually.UntilAsync(
                () => fixture.Upstream.CallsOf("refused") > round && fixture.Gate.Read().InFlight == 0, "the line is refused");
            Assert.True(Assert.IsType<UpstreamOutcome.Answered>(await fixture.SendAsync("line")).IsSuccess);
        }

        var places = Enumerable.Range(0, 9).Select(_ => EnterAsync(fixture)).ToList();
        await Eventually.UntilAsync(() => places.Count(place => place.IsCompleted) == 8, "eight are in flight");
        foreach (var place in places)
        {
            (await place).Dispose();
        }
    }

    [Fact]
    public async Task Suspects_go_in_small_company_and_nobody_else_meanwhile()
    {
        await using var fixture = await UpstreamFixture.StartAsync();
        var suspects = Enumerable.Range(0, 12).Select(_ => fixture.Gate.EnterAsync(Join(fixture), 1, leadsChunk: false, default)).ToList();
        var other = EnterAsync(fixture);

        var inFlight = suspects.Where(suspect => suspect.IsCompleted).ToList();
        Assert.Equal(8, inFlight.Count);
        Assert.False(other.IsCompleted);
        foreach (var suspect in suspects)
        {
            // With each that comes back another may go.
            (await suspect).Place!.Dispose();
        }

        (await other).Dispose();
    }

    [Fact]
    public async Task A_strong_suspect_goes_alone()
    {
        await using var fixture = await UpstreamFixture.StartAsync();
        var other = await EnterAsync(fixture);
        var suspects = Enumerable.Range(0, 2)
            .Select(_ => fixture.Gate.EnterAsync(Join(fixture), UpstreamGate.Alone, leadsChunk: false, default)).ToList();

        Assert.All(suspects, suspect => Assert.False(suspect.IsCompleted));
        other.Dispose();
        Assert.Equal([true, false], suspects.Select(suspect => suspect.IsCompleted));
        (await suspects[0]).Place!.Dispose();
        Assert.Equal(1, (await suspects[1]).Place!.InFlight);
    }

    [Fact]
    public async Task Where_the_upstream_says_when_to_ask_one_line_comes_back_by_itself_and_the_others_need_not()
    {
        await using var fixture = await UpstreamFixture.StartAsync(call => ScriptedAnswer.Error(503).RetryAfter(600));
        for (var line = 0; line < 3; line++)
        {
            // The last of them is the one: by its refusal it is known that nobody gets through.
            Assert.False(Assert.IsType<UpstreamOutcome.Postponed>(await fixture.SendAsync($"{line}")).IsAway);
        }

        var answers = new List<GateAnswer>();
        for (var line = 0; line < 3; line++)
        {
            answers.Add(await fixture.Gate.EnterAsync(Join(fixture), 0, leadsChunk: true, default));
        }

        Assert.All(answers, answer => Assert.True(answer.IsAway));
        Assert.All(answers, answer => Assert.InRange(answer.Wait, TimeSpan.FromSeconds(590), TimeSpan.FromSeconds(600)));
    }

    [Fact]
    public async Task An_upstream_that_is_away_is_forsaken_when_no_chunk_is_left_and_tells_when_it_is_back()
    {
        await using var fixture = await UpstreamFixture.StartAsync();
        using var ct = new CancellationTokenSource();
        var asks = await AskAwayAsync(fixture, ct.Token);
        Assert.False(fixture.Gate.IsForsaken);
        Assert.Null(fixture.Gate.ThroughSince);
        await ct.CancelAsync();
        _ = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asks);
        Assert.True(fixture.Gate.IsForsaken);

        _ = await fixture.Upstream.StartAsync();
        fixture.Time.Advance(UpstreamBreaker.ProbeInterval);
        Assert.True(Assert.IsType<UpstreamOutcome.Answered>(await fixture.SendAsync("probe")).IsSuccess);

        Assert.Equal((false, 1), (fixture.Gate.IsForsaken, fixture.Gate.Returns));
        Assert.Equal(fixture.Time.GetUtcNow(), fixture.Gate.ThroughSince);
        fixture.Time.Advance(TimeSpan.FromMinutes(2));
        Assert.Null(fixture.Gate.ThroughSince);
    }

    /// <summary>Otherwise one that is refused for itself would be the only one that asks, and the others would not be heard of.</summary>
    [Fact]
    public async Task While_nobody_gets_through_the_line_that_has_waited_longest_asks()
    {
        await using var fixture = await UpstreamFixture.StartAsync();
        using var ct = new CancellationTokenSource();
        var asks = await AskAwayAsync(fixture, ct.Token);
        await ct.CancelAsync();
        _ = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asks);

        var longest = fixture.Gate.EnterAsync(fixture.Join("project", "batch", chunk: 1), 0, leadsChunk: true, default);
        var other = fixture.Gate.EnterAsync(fixture.Join("project", "batch", chunk: 0), 0, leadsChunk: true, default);
        fixture.Time.Advance(UpstreamBreaker.ProbeInterval);

        Assert.Equal((true, false), (longest.IsCompleted, other.IsCompleted));
        (await longest).Place!.Dispose();
        var again = fixture.Gate.EnterAsync(fixture.Join("project", "batch", chunk: 0), 0, leadsChunk: false, default);
        fixture.Time.Advance(UpstreamBreaker.ProbeInterval);
        Assert.Equal((true, false), (other.IsCompleted, again.IsCompleted));
        (await other).Place!.Dispose();
    }

    /// <summary>Stops the upstream, and sends a line until it is known that it is away; the line goes on asking.</summary>
    private static async Task<Task<UpstreamOutcome>> AskAwayAsync(UpstreamFixture fixture, CancellationToken ct)
    {
        await fixture.Upstream.StopAsync();
        var asks = fixture.SendAsync("asks", ct: ct);
        await Eventually.UntilAsync(() => fixture.Gate.Condition.AwaySince is not null, "it is away");
        return asks;
    }

    private static async Task<UpstreamPlace> EnterAsync(UpstreamFixture fixture) =>
        (await fixture.Gate.EnterAsync(Join(fixture), 0, leadsChunk: true, default)).Place!;

    private static GateTurn Join(UpstreamFixture fixture) => fixture.Join("project", "batch");
}
