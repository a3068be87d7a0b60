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
}
