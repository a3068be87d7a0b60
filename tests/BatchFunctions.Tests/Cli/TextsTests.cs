using BatchFunctions.Cli.Api;
using BatchFunctions.Cli.Terminal;

namespace BatchFunctions.Tests.Cli;

public sealed class TextsTests
{
    [Theory]
    [InlineData(0, "0 s")]
    [InlineData(59.4, "59 s")]
    [InlineData(59.6, "1 min")]
    [InlineData(200, "3 min 20 s")]
    [InlineData(3600, "1 h")]
    [InlineData(7500, "2 h 5 min")]
    [InlineData(86399, "23 h 59 min")]
    [InlineData(100000, "1 d 3 h")]
    [InlineData(-5, "0 s")]
    public void Durations(double seconds, string expected) => Assert.Equal(expected, Texts.Duration(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData(0, "just now")]
    [InlineData(-3, "just now")]
    [InlineData(45, "45 s ago")]
    [InlineData(200, "3 min ago")]
    [InlineData(7500, "2 h ago")]
    public void Ages(double seconds, string expected) =>
        Assert.Equal(expected, Texts.Age(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddSeconds(seconds)));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1000, "1.0 kB")]
    [InlineData(12_340_000, "12.3 MB")]
    [InlineData(99_960_000, "100 MB")]
    [InlineData(999_600_000, "1.0 GB")]
    public void Sizes(double bytes, string expected) => Assert.Equal(expected, Texts.Bytes(bytes));

    [Theory]
    [InlineData(1398.2, "1,398/s")]
    [InlineData(9.96, "10/s")]
    [InlineData(2.34, "2.3/s")]
    [InlineData(0.2, "12/min")]
    [InlineData(0.01, "0.6/min")]
    public void Paces(double perSecond, string expected) => Assert.Equal(expected, Texts.Pace(perSecond));

    [Fact]
    public void How_far_a_batch_is()
    {
        Assert.Equal("-", Texts.Progress(null));
        Assert.Equal("-", Texts.Progress(new BatchCounts(0, 0, 0)));
        Assert.Equal("1,234/50,000", Texts.Progress(new BatchCounts(50_000, 1_234, 0)));
        Assert.Equal("1,246/50,000, 12 failed", Texts.Progress(new BatchCounts(50_000, 1_234, 12)));
    }

    [Theory]
    [InlineData("results.jsonl", "results.jsonl")]
    [InlineData("/tmp/a-b_c.jsonl", "/tmp/a-b_c.jsonl")]
    [InlineData("my results.jsonl", "'my results.jsonl'")]
    [InlineData("it's", @"'it'\''s'")]
    [InlineData("", "''")]
    public void Arguments_for_a_shell(string argument, string expected) => Assert.Equal(expected, ShellText.Quoted(argument));
}
