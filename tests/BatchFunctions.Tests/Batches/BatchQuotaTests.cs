using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Projects;

namespace BatchFunctions.Tests.Batches;

public sealed class BatchQuotaTests
{
    [Theory]
    [InlineData(3, 100, 10, null, null)]
    [InlineData(4, 10, 10, "batch_limit_exceeded", "Limit: 3 batches that have not ended; there are 3.")]
    [InlineData(3, 101, 10, "request_limit_exceeded", "Limit: 100 enqueued requests; there are 91, and this file has 10.")]
    [InlineData(1, 100, 100, null, null)]
    public void A_project_may_have_just_as_much_as_its_limits_say(int batches, long lines, int own, string? code, string? said)
    {
        var refusal = BatchQuota.Refusal("team-a", new ActiveLoad(batches, lines), own, new ProjectLimits(1, 3, 100, 0, ProjectRole.None));

        Assert.Equal(code, refusal?.Code);
        if (said is not null)
        {
            Assert.Contains("project team-a. " + said, refusal!.Message, StringComparison.Ordinal);
            Assert.Equal((429, true, TimeSpan.FromSeconds(30)), (refusal.Status, refusal.Passes, refusal.RetryAfter));
        }
    }
}
