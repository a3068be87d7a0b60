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

    private static async Task<UpstreamPlace> EnterAsync(UpstreamFixture fixture) =>
        (await fixture.Gate.EnterAsync(Join(fixture), 0, leadsChunk: true, default)).Place!;

    private static GateTurn Join(UpstreamFixture fixture) => fixture.Join("project", "batch");
}
