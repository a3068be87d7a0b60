namespace BatchFunctions.Infra.Tests;

[Collection(nameof(Deployments))]
public sealed class AlertTests(Deployments deployments)
{
    [Theory]
    [InlineData("poison", "batchfunctions.queue.depth")]
    [InlineData("waiting", "batchfunctions.queue.oldest_message_age")]
    [InlineData("stalled", "batchfunctions.batch.progress_age")]
    [InlineData("server-errors", "AppRequests")]
    public void There_is_an_alert_on_it(string name, string reads)
    {
        var rule = Assert.Single(Rules(deployments.Plain), rule => rule.Name.EndsWith($"-{name}", StringComparison.Ordinal));

        Assert.True(rule.At("enabled").GetBoolean());
        Assert.Contains(reads, rule.At("criteria.allOf.0.query").GetString(), StringComparison.Ordinal);
        var column = rule.At("criteria.allOf.0.metricMeasureColumn").GetString()!;
        Assert.Contains($"{column} = ", rule.At("criteria.allOf.0.query").GetString(), StringComparison.Ordinal);
        Assert.NotEmpty(rule.At("description").GetString()!);
    }

    [Fact]
    public void Many_5xx_are_many_of_the_http_requests_and_not_of_the_queue_executions()
    {
        var rule = Assert.Single(Rules(deployments.Plain), rule => rule.Name.EndsWith("-server-errors", StringComparison.Ordinal));
        string[] query = [.. rule.At("criteria.allOf.0.query").GetString()!.Split('\n', StringSplitOptions.TrimEntries)];

        // A queue execution is a request with a code of 0.
        var counted = Array.FindIndex(query, line => line.StartsWith("| summarize", StringComparison.Ordinal));
        var selected = Array.FindIndex(query, line => line.StartsWith("| where Status between (100 .. 599)", StringComparison.Ordinal));
        Assert.InRange(selected, 0, counted);
        Assert.Contains("| where Total >= 100", query);
        Assert.Equal(5, rule.At("criteria.allOf.0.threshold").GetInt32());
    }

    [Fact]
    public void There_are_no_others() => Assert.Equal(4, Rules(deployments.Full).Count());

    [Fact]
    public void Somebody_is_told_where_an_address_is_given()
    {
        Assert.Empty(deployments.Plain.Of("Microsoft.Insights/actionGroups"));
        Assert.All(Rules(deployments.Plain), rule => Assert.Equal(0, rule.At("actions.actionGroups").GetArrayLength()));

        Assert.Equal("operator@example.com", deployments.Full.One("Microsoft.Insights/actionGroups").At("emailReceivers.0.emailAddress").GetString());
        Assert.All(Rules(deployments.Full), rule => Assert.Equal(1, rule.At("actions.actionGroups").GetArrayLength()));
    }

    [Fact]
    public void They_can_be_left_out() => Assert.Empty(Rules(deployments.Small));

    private static IEnumerable<Deployment.Resource> Rules(Deployment deployment) =>
        deployment.Of("Microsoft.Insights/scheduledQueryRules");
}
