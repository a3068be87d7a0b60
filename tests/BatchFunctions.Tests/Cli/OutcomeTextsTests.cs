using BatchFunctions.Cli.Api;
using BatchFunctions.Cli.Results;

namespace BatchFunctions.Tests.Cli;

public sealed class OutcomeTextsTests
{
    private static readonly BatchErrors Lost = new([new BatchError("input_lost", "The input file can no longer be read.", null, null)]);

    [Fact]
    public void A_batch_that_failed_with_results_says_where_they_are()
    {
        var batch = new Batch
        {
            Id = "batch_1",
            Status = "failed",
            Errors = Lost,
            OutputFileId = "file-1",
            RequestCounts = new BatchCounts(2000, 100, 0),
        };

        var text = string.Join('\n', OutcomeTexts.Of(batch, new ResultPlaces("results.jsonl", null), ""));

        Assert.Contains("100 of 2,000 lines were answered", text, StringComparison.Ordinal);
        Assert.Contains("can no longer be read", text, StringComparison.Ordinal);
        Assert.Contains("Results: results.jsonl", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_batch_that_failed_without_has_its_errors_alone()
    {
        var text = OutcomeTexts.Of(new Batch { Id = "batch_1", Status = "failed", Errors = Lost }, new ResultPlaces("results.jsonl", null), "").ToList();

        Assert.Equal(2, text.Count);
        Assert.DoesNotContain(text, line => line.Contains("Results", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1L, 2L, "1 result and 2 failed lines of 2,000 lines.")]
    [InlineData(1200L, 1L, "1,200 results and 1 failed line of 2,000 lines.")]
    [InlineData(0L, null, "0 results of 2,000 lines.")]
    public void What_of_a_running_batch_is_there_so_far_is_counted(long? output, long? errors, string said)
    {
        var batch = new Batch { Id = "batch_1", Status = "in_progress", RequestCounts = new BatchCounts(2000, 1200, 2) };

        var text = OutcomeTexts.SoFar(batch, new FetchedLines(output, errors), "batch results batch_1 --follow");

        Assert.StartsWith("Incomplete: batch batch_1 is in_progress.", text, StringComparison.Ordinal);
        Assert.Contains(said, text, StringComparison.Ordinal);
    }
}
