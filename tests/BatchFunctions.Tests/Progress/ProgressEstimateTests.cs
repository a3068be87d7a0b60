using BatchFunctions.Progress;

namespace BatchFunctions.Tests.Progress;

public sealed class ProgressEstimateTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private ProgressHistory _history = ProgressHistory.None.With(Start, 0);
    private DateTimeOffset _now = Start;
    private long _done;

    [Fact]
    public void Nothing_is_told_while_nothing_is_known()
    {
        Assert.Equal(ProgressEstimate.Unknown, ProgressEstimate.Of(ProgressHistory.None, 100, Start));
        Assert.Equal(ProgressEstimate.Unknown, At(0));
        Assert.Equal(ProgressEstimate.Unknown, At(3600));
    }

    [Fact]
    public void The_rate_is_there_with_the_first_lines_and_the_time_left_a_little_later()
    {
        Pass(2, 20);
        Assert.Equal(new ProgressEstimate(10, null, null), At(0));
        Pass(2, 20);
        Assert.Equal(new ProgressEstimate(10, null, null), At(0));
        Pass(2, 20);
        Assert.Equal(new ProgressEstimate(10, TimeSpan.FromSeconds(94), null), At(0));
    }

    [Fact]
    public void A_wait_before_the_first_line_is_forgotten_once_others_have_come()
    {
        Pass(3600, 10);
        Pass(4, 40);
        Pass(4, 40);
        Pass(4, 40);

        Assert.Equal(new ProgressEstimate(10, TimeSpan.FromSeconds(87), null), At(0));
    }

    [Fact]
    public void The_rate_is_that_of_the_last_minute()
    {
        for (var i = 0; i < 60; i++)
        {
            Pass(2, 2);
        }

        for (var i = 0; i < 40; i++)
        {
            Pass(2, 8);
        }

        Assert.Equal(4, At(0).PerSecond);
    }

    [Fact]
    public void Slow_lines_are_looked_at_for_longer()
    {
        for (var i = 0; i < 5; i++)
        {
            Pass(600, 1);
        }

        // Between two of them nothing comes for minutes: the time left gets less, and it has not stalled.
        Assert.Equal(new ProgressEstimate(1 / 600.0, TimeSpan.FromSeconds(995 * 600), null), At(0));
        Assert.Equal(new ProgressEstimate(1 / 600.0, TimeSpan.FromSeconds(994 * 600), null), At(600));
        Assert.Null(At(2400).StalledSince);
        Assert.Equal(new ProgressEstimate(null, null, _now), At(2401));
    }

    [Fact]
    public void What_has_stalled_says_since_when_and_has_no_time_left()
    {
        for (var i = 0; i < 30; i++)
        {
            Pass(2, 20);
        }

        TimeSpan? before = null;
        for (var silence = 0; silence <= 30; silence++)
        {
            var left = At(silence).Left;
            Assert.True(before is null || left < before, "It has grown.");
            before = left;
        }

        Assert.Equal(new ProgressEstimate(null, null, _now), At(31));
        Assert.Equal(new ProgressEstimate(null, null, _now), At(3600));
        _now += TimeSpan.FromMinutes(10);
        Pass(0, 20);
        Assert.Null(At(0).StalledSince);
        Assert.InRange(At(0).PerSecond!.Value, 0, 1);
    }

    [Fact]
    public void A_life_of_a_day_does_not_make_a_stall_of_minutes_look_usual()
    {
        for (var i = 0; i < 43_200; i++)
        {
            Pass(2, 1);
        }

        Assert.Equal(_now, ProgressEstimate.Of(_history, 100_000, _now.AddMinutes(1)).StalledSince);
    }

    [Fact]
    public void What_is_done_has_nothing_left()
    {
        Pass(5, 500);
        Pass(5, 500);

        Assert.Null(At(0).Left);
        Assert.Null(ProgressEstimate.Of(_history, null, _now).Left);
    }

    private void Pass(double seconds, long more)
    {
        _now += TimeSpan.FromSeconds(seconds);
        _history = _history.With(_now, _done += more);
    }

    private ProgressEstimate At(double later) => ProgressEstimate.Of(_history, 1_000, _now.AddSeconds(later));
}
