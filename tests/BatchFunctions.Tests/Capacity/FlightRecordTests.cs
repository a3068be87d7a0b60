using System.Text;
using System.Text.Json;
using BatchFunctions.Capacity;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.Tests.Capacity;

/// <summary>What is told of lines in flight, and how much of a row that takes.</summary>
public sealed class FlightRecordTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void A_line_counts_in_the_trial_that_it_was_sent_in_and_in_no_other()
    {
        var record = new FlightRecord(_time);
        record.Enter(1);
        var old = record.Sent();
        record.Enter(2);
        var young = record.Sent();
        _time.Advance(TimeSpan.FromSeconds(2));
        record.Ended(old, FlightEnd.Through, 10);
        record.Ended(young, FlightEnd.Through, 10);
        var flying = record.Sent();
        _time.Advance(TimeSpan.FromSeconds(1));

        var summary = record.Summary();

        Assert.Equal((2, 1, 2), (summary.Trial, summary.InFlight, summary.Sent));
        Assert.Equal((1, 1), (summary.Ended.Total, summary.Flying.Total));
        record.Ended(flying, FlightEnd.Refused, 0);
        Assert.Equal((0, 1, 0), (record.Summary().InFlight, record.Summary().Refused, record.Summary().Flying.Total));
    }

    [Fact]
    public void What_the_lines_of_a_trial_have_met_is_told_on_average_and_not_as_it_is_at_the_moment()
    {
        var record = new FlightRecord(_time);
        record.Enter(1);
        LineFlight[] old = [record.Sent(), record.Sent(), record.Sent()];
        _time.Advance(TimeSpan.FromSeconds(10));
        record.Enter(2);
        Assert.Equal(3, record.Summary().Met);

        // Before the trial's first line there is nobody who meets anybody.
        record.Ended(old[0], FlightEnd.Through, 10);
        _time.Advance(TimeSpan.FromSeconds(10));
        LineFlight[] young = [record.Sent(), record.Sent()];
        _time.Advance(TimeSpan.FromSeconds(6));
        record.Ended(old[1], FlightEnd.Through, 10);
        record.Ended(young[0], FlightEnd.Through, 10);
        _time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal((2, 3.5), (record.Summary().InFlight, record.Summary().Met));
        Assert.Equal(5.5, FleetFlight.Of(2, [record.Summary(), FlightSummary.Empty with { Trial = 1, InFlight = 2, Met = 7 }]).Met);
    }

    /// <summary>Of whichever trial: a limit that changes does not hide what goes through.</summary>
    [Fact]
    public void The_rate_is_that_of_the_last_half_minute()
    {
        var record = new FlightRecord(_time);
        Assert.Equal(0, record.Summary().Rate);
        for (var second = 0; second < 20; second++)
        {
            record.Enter(second / 5);
            var (through, refused) = (record.Sent(), record.Sent());
            record.Enter((second / 5) + 1);
            _time.Advance(TimeSpan.FromSeconds(1));
            record.Ended(through, FlightEnd.Through, 1);
            record.Ended(refused, FlightEnd.Refused, 0);
            if (second % 3 == 0)
            {
                record.Summary();
            }
        }

        Assert.Equal(1, record.Summary().Rate);
        _time.Advance(TimeSpan.FromSeconds(20));
        Assert.InRange(record.Summary().Rate, 0.2, 0.4);
        _time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(0, record.Summary().Rate);
    }

    [Fact]
    public void What_processes_tell_adds_up_to_what_one_would_have_seen()
    {
        FlightRecord left = new(_time), right = new(_time), both = new(_time);
        foreach (var (record, seconds) in new[] { (left, 1.0), (right, 3.0), (left, 0.2), (right, 7.0) })
        {
            var lines = (record.Sent(), both.Sent());
            _time.Advance(TimeSpan.FromSeconds(seconds));
            record.Ended(lines.Item1, FlightEnd.Through, seconds * 50);
            both.Ended(lines.Item2, FlightEnd.Through, seconds * 50);
        }

        var sum = left.Summary().Plus(right.Summary());

        Assert.Equal(both.Summary().Ended.Counts, sum.Ended.Counts);
        Assert.Equal(both.Summary().Fit.Products, sum.Fit.Products, 1e-6);
    }

    [Fact]
    public void A_summary_and_a_state_are_small_and_come_back_as_they_were()
    {
        var record = new FlightRecord(_time);
        var random = new Random(1);
        var lines = new List<LineFlight>();
        for (var line = 0; line < 20000; line++)
        {
            lines.Add(record.Sent());
            _time.Advance(TimeSpan.FromSeconds(0.01));
            if (lines.Count > 1000)
            {
                var index = random.Next(lines.Count);
                record.Ended(lines[index], FlightEnd.Through, 50 * Math.Exp(2 * random.NextDouble()));
                lines.RemoveAt(index);
            }
        }

        var summary = JsonSerializer.Serialize(record.Summary());
        var seen = record.Summary();
        var state = AutoLimitState.First(_time.GetUtcNow()) with { Reference = new Cohort(1000, seen.Fit, seen.Ended, seen.Flying) };
        var written = JsonSerializer.Serialize(state);

        Assert.InRange(Encoding.UTF8.GetByteCount(summary), 1, 500);
        Assert.InRange(Encoding.UTF8.GetByteCount(written), 1, 1024);
        Assert.Equal(summary, JsonSerializer.Serialize(JsonSerializer.Deserialize<FlightSummary>(summary)));
        Assert.Equal(written, JsonSerializer.Serialize(JsonSerializer.Deserialize<AutoLimitState>(written)));
    }

    [Fact]
    public void A_state_of_another_version_is_begun_anew()
    {
        var now = _time.GetUtcNow();
        var state = AutoLimitState.First(now) with { Version = 99, Limit = 1000, Trial = 7 };

        var next = new AutoLimit().Next(state, FleetFlight.Of(7, []), now);

        Assert.Equal((AutoLimitState.CurrentVersion, AutoLimitState.FirstLimit, 8), (next.Version, next.Limit, next.Trial));
    }
}
