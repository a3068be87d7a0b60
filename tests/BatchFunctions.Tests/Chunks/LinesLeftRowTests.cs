using Azure.Data.Tables;
using BatchFunctions.Chunks;
using BatchFunctions.Upstream;

namespace BatchFunctions.Tests.Chunks;

public sealed class LinesLeftRowTests
{
    private static readonly DateTimeOffset Until = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void What_is_known_of_lines_comes_back_as_it_was()
    {
        var busy = new LastAnswer(503, "Loading model");
        var lines = new Dictionary<int, LineLeft>
        {
            [0] = new(new LineState(3, 0, false, null), null),
            [1] = new(new LineState(0, 5, true, null), null),
            [2] = new(new LineState(0, 1, false, busy), Until),
            [3] = new(new LineState(0, 0, false, busy), Until.AddHours(1)),
            [4] = new(new LineState(0, 0, false, busy) { PutOffAt = Until, RefusedAlone = 39, AloneSince = Until.AddMinutes(-1), ToldAlike = 9 }, null),
            [5] = new(new LineState(0, 0, false, busy) { PutOffAt = Until }, Until),
            [999] = new(new LineState(4, 6, true, new LastAnswer(0, "the upstream could not be reached")), Until),
        };

        var row = new TableEntity();
        LinesLeftRow.Write(row, lines);

        Assert.Equal(lines.OrderBy(line => line.Key), LinesLeftRow.Read(row).OrderBy(line => line.Key));
    }

    /// <summary>What went through just before a line was put off has not done so since.</summary>
    [Theory]
    [InlineData(0.001)]
    [InlineData(0.5)]
    [InlineData(1)]
    public void When_a_line_was_put_off_comes_back_no_earlier_than_it_was(double seconds)
    {
        var at = Until.AddSeconds(seconds);
        var row = new TableEntity();
        LinesLeftRow.Write(row, new Dictionary<int, LineLeft> { [7] = new(new LineState(0, 0, false, null) { PutOffAt = at, AloneSince = at }, null) });

        var read = Assert.Single(LinesLeftRow.Read(row)).Value.State;

        Assert.Equal((Until.AddSeconds(1), Until.AddSeconds(1)), (read.PutOffAt!.Value, read.AloneSince!.Value));
    }

    [Fact]
    public void A_row_without_such_lines_has_no_such_columns()
    {
        var row = new TableEntity();
        LinesLeftRow.Write(row, new Dictionary<int, LineLeft>());

        Assert.All(row.Select(property => property.Value), Assert.Null);
        Assert.Empty(LinesLeftRow.Read(row));
    }

    [Fact]
    public void As_many_different_messages_as_a_chunk_can_have_fit_a_property()
    {
        // Lines are numbered in two bytes; a property holds 64 KiB.
        var lines = Enumerable.Range(0, 1000).ToDictionary(
            line => line,
            line => new LineLeft(new LineState(1, 1, true, new LastAnswer(503, $"{line} " + new string('\u4e16', LastAnswer.MaxMessage - 5))), Until));

        var row = new TableEntity();
        LinesLeftRow.Write(row, lines);

        Assert.All(row.Select(property => property.Value).OfType<byte[]>(), property => Assert.InRange(property.Length, 1, 64 * 1024));
        var read = LinesLeftRow.Read(row);
        Assert.Equal(1000, read.Count);
        Assert.All(read.Values, line => Assert.Equal((1, 1, Until), (line.State.Attempts, line.State.Breaks, line.NotBefore)));
        Assert.Equal(16, read.Values.Count(line => line.State.Last is not null));
    }
}
