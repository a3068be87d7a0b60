using BatchFunctions.Batches;
using BatchFunctions.Progress;

namespace BatchFunctions.Tests.Progress;

public sealed class ProgressHistoryTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void However_long_it_takes_the_samples_are_few_and_tell_the_whole_life()
    {
        var history = ProgressHistory.None;
        for (var second = 0; second <= 86_400; second += 2)
        {
            history = history.With(Start.AddSeconds(second), second / 2);
            Assert.InRange(history.Samples.Count, 1, ProgressHistory.Most);
        }

        Assert.Equal(new ProgressSample(Start, 0), history.Samples[0]);
        Assert.Equal(new ProgressSample(Start.AddSeconds(86_400), 43_200), history.Samples[^1]);
        Assert.InRange(history.Samples.Count, ProgressHistory.Most / 3, ProgressHistory.Most);
        var gaps = history.Samples.Zip(history.Samples.Skip(1), (one, next) => next.At - one.At).ToList();
        Assert.All(gaps.SkipLast(1), gap => Assert.InRange(gap, history.Step * 0.9, history.Step * 2.1));
        Assert.Equal(TimeSpan.FromSeconds(2), history.Gap);
    }

    [Fact]
    public void Nothing_is_taken_down_where_nothing_has_come()
    {
        var history = ProgressHistory.None.With(Start, 0).With(Start.AddSeconds(5), 10);

        Assert.Same(history, history.With(Start.AddSeconds(9), 10));
        Assert.Same(history, history.With(Start.AddSeconds(9), 4));
        Assert.Same(history, history.With(Start.AddSeconds(5), 11));
    }

    [Fact]
    public void What_comes_faster_than_samples_are_kept_moves_the_last()
    {
        var history = ProgressHistory.None.With(Start, 0).With(Start.AddSeconds(5), 10).With(Start.AddSeconds(5.4), 11).With(Start.AddSeconds(5.8), 12);

        Assert.Equal([0, 10, 12], history.Samples.Select(sample => sample.Done));
        Assert.Equal([0, 10, 13], history.With(Start.AddSeconds(5.9), 13).Samples.Select(sample => sample.Done));
    }

    [Fact]
    public void It_is_in_its_row_as_it_was()
    {
        var history = ProgressHistory.None;
        for (var change = 0; change < 500; change++)
        {
            history = history.With(Start.AddMilliseconds(change * 1_234), change * 7L);
            var read = ProgressHistoryBytes.Read(ProgressHistoryBytes.Write(history));
            Assert.Equal(history.Samples, read.Samples);
            Assert.Equal((history.Step, TimeSpan.FromMilliseconds(Math.Floor(history.Gap.TotalMilliseconds))), (read.Step, read.Gap));
        }

        Assert.InRange(ProgressHistoryBytes.Write(history)!.Length, 1, 600);
        Assert.Null(ProgressHistoryBytes.Write(ProgressHistory.None));
        Assert.Same(ProgressHistory.None, ProgressHistoryBytes.Read(null));
    }
}
