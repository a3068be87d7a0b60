using BatchFunctions.Upstream;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.Tests.Upstream;

public sealed class AttemptLimitTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Time_stands_still_while_the_attempt_waits_for_the_process()
    {
        using var limit = new AttemptLimit(TimeSpan.FromSeconds(10), _time, default);
        _time.Advance(TimeSpan.FromSeconds(6));
        var room = new TaskCompletionSource();
        var waiting = limit.StandStillAsync(new ValueTask(room.Task));
        _time.Advance(TimeSpan.FromMinutes(10));
        Assert.False(limit.IsOver);

        room.SetResult();
        await waiting;
        _time.Advance(TimeSpan.FromSeconds(3.9));
        Assert.False(limit.IsOver);
        _time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.True(limit.IsOver);
    }

    [Fact]
    public async Task Whoever_cancels_ends_it_at_any_time()
    {
        using var cancel = new CancellationTokenSource();
        using var limit = new AttemptLimit(TimeSpan.FromSeconds(10), _time, cancel.Token);
        await limit.StandStillAsync(ValueTask.CompletedTask);
        await cancel.CancelAsync();
        Assert.True(limit.IsOver);
    }
}
