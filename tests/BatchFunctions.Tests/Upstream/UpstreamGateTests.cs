using BatchFunctions.Testing;

namespace BatchFunctions.Tests.Upstream;

public sealed class UpstreamGateTests
{
    [Fact]
    public async Task No_more_lines_are_in_flight_than_the_setting_says()
    {
        var release = new TaskCompletionSource();
        await using var fixture = await UpstreamFixture.StartAsync(
            call => ScriptedAnswer.Chat(call).After(release.Task), options => options.Concurrency = 3);

        Task[] lines = [.. Enumerable.Range(0, 10).Select(async line =>
        {
            using var place = await fixture.Gate.EnterAsync(default);
            _ = await fixture.SendAsync($"line-{line}");
        })];
        await Eventually.UntilAsync(() => fixture.Upstream.InFlight == 3, "three lines are in flight");
        release.SetResult();
        await Task.WhenAll(lines);

        Assert.Equal(10, fixture.Upstream.Calls.Count);
        Assert.Equal(3, fixture.Upstream.MostInFlight);
    }

    [Fact]
    public async Task Places_are_given_in_the_order_of_asking_and_a_cancelled_wait_takes_none()
    {
        await using var fixture = await UpstreamFixture.StartAsync(configure: options => options.Concurrency = 1);
        using var cancelled = new CancellationTokenSource();

        var first = await fixture.Gate.EnterAsync(default);
        var second = fixture.Gate.EnterAsync(cancelled.Token).AsTask();
        var third = fixture.Gate.EnterAsync(default).AsTask();
        var fourth = fixture.Gate.EnterAsync(default).AsTask();
        await cancelled.CancelAsync();
        _ = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);

        first.Dispose();
        using (await third)
        {
            Assert.False(fourth.IsCompleted);
        }

        using var last = await fourth;
        Assert.True(last.IsAcquired);
    }
}
