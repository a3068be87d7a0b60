using BatchFunctions.Cli.Api;
using BatchFunctions.Cli.Terminal;
using BatchFunctions.Cli.Waiting;
using BatchFunctions.Progress;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.Tests.Cli;

public sealed class ProgressTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void A_pace_is_that_of_the_last_minute()
    {
        var pace = new Pace(_time);
        pace.Note(0);
        Assert.Null(pace.PerSecond);
        Pass(10, pace, 100);
        Assert.Equal(10, pace.PerSecond);
        Assert.Equal(TimeSpan.FromSeconds(90), pace.Left(900));

        // Ten a second for ten seconds, then two a second: the beginning is forgotten after a minute.
        for (var done = 120; done <= 240; done += 20)
        {
            Pass(10, pace, done);
        }

        Assert.Equal(2, pace.PerSecond);
    }

    [Fact]
    public void What_does_not_move_has_no_pace_and_no_end()
    {
        var pace = new Pace(_time);
        pace.Note(50);
        Pass(10, pace, 50);

        Assert.Null(pace.PerSecond);
        Assert.Null(pace.Left(10));
    }

    [Fact]
    public void A_batch_in_progress_shows_counts_pace_time_left_and_failures()
    {
        var gait = new BatchGait(new ProgressEstimate(210, TimeSpan.FromSeconds(180), null), null);

        var note = ProgressNotes.Of(BatchOf("in_progress", new BatchCounts(39_900, 2_088, 12)), gait, _time.GetUtcNow());

        Assert.Equal(new ProgressNote("in_progress", 2100 / 39_900.0, "2,100/39,900  210/s  3 min left  12 failed"), note);
    }

    [Fact]
    public void A_batch_of_which_nothing_is_known_shows_no_pace()
    {
        var now = _time.GetUtcNow();

        Assert.Equal("10/10", ProgressNotes.Of(BatchOf("finalizing", new BatchCounts(10, 10, 0)), default, now).Detail);
        Assert.Equal("0/10", ProgressNotes.Of(BatchOf("in_progress", new BatchCounts(10, 0, 0)), default, now).Detail);
        Assert.Equal(new ProgressNote("validating", null, ""), ProgressNotes.Of(BatchOf("validating", null), default, now));
        Assert.Equal(new ProgressNote("validating", null, ""), ProgressNotes.Of(BatchOf("validating", new BatchCounts(0, 0, 0)), default, now));
    }

    [Fact]
    public void A_batch_that_has_stalled_says_since_when_and_why_if_that_is_known()
    {
        var now = _time.GetUtcNow();
        var since = now.AddMinutes(-5);
        var stalled = new BatchGait(new ProgressEstimate(null, null, since), null);
        var batch = BatchOf("in_progress", new BatchCounts(10, 4, 0));

        Assert.Equal($"4/10  nothing for 5 min (since {since.ToLocalTime():HH:mm})", ProgressNotes.Of(batch, stalled, now).Detail);
        Assert.Equal(
            $"4/10  the upstream is away since {since.ToLocalTime():HH:mm} (503)",
            ProgressNotes.Of(batch, stalled with { Away = new UpstreamHealth("away", since.ToUnixTimeSeconds(), "503") }, now).Detail);
    }

    [Fact]
    public void Bytes_show_how_many_have_gone()
    {
        var pace = new Pace(_time);
        pace.Note(0);
        Pass(2, pace, 4_000_000);

        Assert.Equal("4.0 MB of 12.0 MB  2.0 MB/s  4 s left", ProgressNotes.OfBytes("upload", 4_000_000, 12_000_000, pace).Detail);
        Assert.Equal(new ProgressNote("results", null, "4.0 MB  2.0 MB/s"), ProgressNotes.OfBytes("results", 4_000_000, null, pace));
    }

    [Fact]
    public void In_a_log_each_step_is_a_line_and_long_ones_have_one_now_and_then()
    {
        var log = new StringWriter();
        var lines = new ProgressLines(log, _time);
        lines.Show(new ProgressNote("validating", null, ""));
        lines.Show(new ProgressNote("in_progress", 0, "0/10"));
        _time.Advance(TimeSpan.FromSeconds(29));
        lines.Show(new ProgressNote("in_progress", 0.1, "1/10"));
        _time.Advance(TimeSpan.FromSeconds(2));
        lines.Show(new ProgressNote("in_progress", 0.2, "2/10"));
        _time.Advance(TimeSpan.FromSeconds(60));
        lines.Show(new ProgressNote("in_progress", 0.2, "2/10"));
        lines.Show(new ProgressNote("completed", 1, "10/10"));

        Assert.Equal(["validating", "in_progress  0/10", "in_progress  2/10", "completed  10/10", ""], log.ToString().Split(Environment.NewLine));
    }

    private void Pass(double seconds, Pace pace, double done)
    {
        _time.Advance(TimeSpan.FromSeconds(seconds));
        pace.Note(done);
    }

    private static Batch BatchOf(string status, BatchCounts? counts) => new() { Id = "batch_1", Status = status, RequestCounts = counts };
}
