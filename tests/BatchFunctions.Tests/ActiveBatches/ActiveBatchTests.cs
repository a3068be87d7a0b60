using BatchFunctions.ActiveBatches;
using BatchFunctions.Ids;

namespace BatchFunctions.Tests.ActiveBatches;

public sealed class ActiveBatchTests
{
    [Theory]
    [InlineData("in_progress", 1000, 1000, false)]
    [InlineData("in_progress", 901, 1000, false)]
    [InlineData("in_progress", 900, 1000, true)]
    [InlineData("in_progress", 1100, 1100, false)]
    [InlineData("in_progress", 1200, 1200, true)]
    [InlineData("cancelling", 1000, 1000, true)]
    public void What_is_noted_is_written_again_after_a_tenth_of_the_lines_or_another_status(string status, int lines, int total, bool isOutdated)
    {
        var noted = new ActiveBatch(new BatchKey("local", "batch_0"), "file-0", DateTimeOffset.UnixEpoch) { Status = "in_progress", Lines = 1000 };

        Assert.Equal(isOutdated, noted.IsOutdated(status, lines, total));
    }

    [Fact]
    public void A_batch_of_any_size_is_written_again_ten_times_at_most()
    {
        foreach (var total in (int[])[1, 7, 10, 99, 50_000])
        {
            var noted = new ActiveBatch(new BatchKey("local", "batch_0"), "file-0", DateTimeOffset.UnixEpoch) { Lines = total };
            var writes = 0;
            for (var lines = total; lines >= 0; lines--)
            {
                if (noted.IsOutdated(noted.Status, lines, total))
                {
                    writes++;
                    noted = noted with { Lines = lines };
                }
            }

            Assert.InRange(writes, 1, 10);
        }
    }
}
