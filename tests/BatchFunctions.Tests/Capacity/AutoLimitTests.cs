using BatchFunctions.Capacity;
using BatchFunctions.Testing.Simulation;

namespace BatchFunctions.Tests.Capacity;

/// <summary>The limit that finds itself, against simulated upstreams in simulated time.</summary>
public sealed class AutoLimitTests
{
    private const double Found = 120;

    [Theory]
    [InlineData(16, 1)]
    [InlineData(64, 1)]
    [InlineData(64, 4)]
    [InlineData(256, 4)]
    [InlineData(1024, 1)]
    [InlineData(1024, 4)]
    public void The_knee_is_found_within_two_minutes(int knee, int processes)
    {
        var result = new Simulation(UpstreamShape.With(knee), LineShape.Mixed(Told.Usage), processes, seed: 2).Run(240);

        Assert.InRange(result.Throughput(Found, 240), 0.9, 1.01);
        Assert.InRange(result.MostOverKnee(Found, 240), 0.9, 2);
    }

    [Theory]
    [InlineData(4, 1, 6)]
    [InlineData(4, 1, 31)]
    [InlineData(4, 1, 40)]
    [InlineData(4, 4, 6)]
    [InlineData(16, 4, 6)]
    public void So_is_a_small_one_where_lines_are_slow(int knee, int processes, int seed)
    {
        var result = new Simulation(UpstreamShape.With(knee), LineShape.Slow(Told.Usage), processes, seed).Run(300);

        Assert.InRange(result.Throughput(Found, 300), 0.9, 1.01);
        Assert.InRange(result.MostOverKnee(Found, 300), 0.7, 2);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 7)]
    [InlineData(4, 1)]
    [InlineData(4, 7)]
    public void Half_of_the_capacity_is_noticed_within_two_minutes_and_so_is_its_return(int processes, int seed)
    {
        var shape = new UpstreamShape { Knee = static at => at is > 240 and <= 480 ? 32 : 64 };
        var result = new Simulation(shape, LineShape.Mixed(Told.Usage), processes, seed).Run(720);

        Assert.InRange(result.Throughput(360, 480), 0.9, 1.01);
        Assert.InRange(result.MostOverKnee(360, 480), 0.9, 2);
        Assert.InRange(result.Throughput(600, 720), 0.9, 1.01);
        Assert.InRange(result.MostOverKnee(600, 720), 0.9, 2);
    }

    [Fact]
    public void An_upstream_that_becomes_slower_is_not_starved_for_it()
    {
        var shape = new UpstreamShape { Knee = static _ => 64, Speed = static at => at > 150 ? 0.5 : 1 };
        var result = new Simulation(shape, LineShape.Mixed(Told.Usage), 1, seed: 1).Run(420);

        Assert.InRange(result.Throughput(270, 420), 0.9, 1.01);
    }

    [Theory]
    [InlineData(5, 1)]
    [InlineData(20, 1)]
    [InlineData(20, 4)]
    [InlineData(100, 4)]
    public void An_upstream_with_a_rate_limit_refuses_few(int limit, int processes)
    {
        var shape = new UpstreamShape { Knee = static _ => 4096, RateLimit = limit };
        var result = new Simulation(shape, LineShape.Mixed(Told.Usage), processes, seed: 1).Run(300);

        Assert.InRange(result.Refused(60, 300), 0, 0.02);
    }

    [Fact]
    public void Nothing_is_tried_while_the_limit_is_not_what_holds_lines_back()
    {
        var now = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var auto = new AutoLimit();
        var state = AutoLimitState.First(now) with { Limit = 100, IsFilled = true };
        for (var beat = 0; beat < 200; beat++)
        {
            now += TimeSpan.FromSeconds(3);
            var seen = FlightSummary.Empty with { Trial = state.Trial, InFlight = 3, Sent = 1000 };
            state = auto.Next(state, FleetFlight.Of(state.Trial, [seen]), now);
        }

        Assert.Equal(100, state.Limit);
    }

    [Fact]
    public void Where_more_than_a_few_are_refused_at_the_limit_it_is_lowered()
    {
        var now = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var state = AutoLimitState.First(now) with { Limit = 100, IsFilled = true };
        var seen = FlightSummary.Empty with { Trial = state.Trial, InFlight = 100, Sent = 200, Refused = 20 };

        Assert.Equal(85, new AutoLimit().Next(state, FleetFlight.Of(state.Trial, [seen]), now).Limit);
    }

    [Fact]
    public void The_limit_is_never_above_the_most_that_there_may_be()
    {
        var result = new Simulation(UpstreamShape.With(1024), LineShape.Mixed(Told.Usage), 1, seed: 1, most: 100).Run(120);

        Assert.Equal(100, result.Samples.Max(one => one.InFlight));
        Assert.InRange(result.Samples.Max(one => one.Limit), 100, 100);
    }
}
