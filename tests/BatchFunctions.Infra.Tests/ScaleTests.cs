using System.Text.RegularExpressions;

namespace BatchFunctions.Infra.Tests;

/// <summary>How the app scales, is spread and is replaced.</summary>
[Collection(nameof(Deployments))]
public sealed partial class ScaleTests(Deployments deployments)
{
    private const string Site = "Microsoft.Web/sites";
    private const string Plan = "Microsoft.Web/serverfarms";
    private const string Scale = "functionAppConfig.scaleAndConcurrency";

    [Fact]
    public void No_instance_is_paid_for_at_rest_unless_asked()
    {
        Assert.Equal(0, deployments.Plain.One(Site).At($"{Scale}.alwaysReady").GetArrayLength());

        Assert.Equal(
            [("http", 1), ("function:queue_steps", 2), ("function:queue_chunk", 3)],
            deployments.Full.One(Site).At($"{Scale}.alwaysReady").EnumerateArray()
                .Select(group => (group.GetProperty("name").GetString(), group.GetProperty("instanceCount").GetInt32())));
    }

    [Fact]
    public async Task Instances_are_kept_ready_for_every_function_that_a_queue_starts()
    {
        var triggers = await File.ReadAllTextAsync(Repository.File("src/BatchFunctions.FunctionApp/QueueTriggers.cs"));

        var functions = QueueFunction().Matches(triggers).Select(match => $"function:{match.Groups["name"].Value}").ToList();

        Assert.NotEmpty(functions);
        Assert.Equal(
            functions.Prepend("http").Order(),
            deployments.Full.One(Site).At($"{Scale}.alwaysReady").EnumerateArray().Select(group => group.GetProperty("name").GetString()!).Order());
    }

    [Fact]
    public void One_instance_at_most_can_be_asked_for_and_forty_are_the_default()
    {
        Assert.Equal(40, deployments.Plain.One(Site).At($"{Scale}.maximumInstanceCount").GetInt32());
        Assert.Equal(1, deployments.Small.One(Site).At($"{Scale}.maximumInstanceCount").GetInt32());
    }

    [Fact]
    public void A_deployment_ends_instances_at_once_unless_their_work_shall_end_first()
    {
        Assert.Equal("Recreate", deployments.Plain.One(Site).At("functionAppConfig.siteUpdateStrategy.type").GetString());
        Assert.Equal("RollingUpdate", deployments.Full.One(Site).At("functionAppConfig.siteUpdateStrategy.type").GetString());
    }

    [Fact]
    public void Zones_are_used_where_that_is_asked_for()
    {
        Assert.False(deployments.Plain.One(Plan).At("zoneRedundant").GetBoolean());
        Assert.True(deployments.Full.One(Plan).At("zoneRedundant").GetBoolean());
    }

    [Fact]
    public async Task The_guide_says_what_the_defaults_come_to()
    {
        var guide = await File.ReadAllTextAsync(Repository.File("docs/operations.md"));
        var instances = deployments.Plain.One(Site).At($"{Scale}.maximumInstanceCount").GetInt32();

        // HTTP, queue_steps and queue_chunk scale by themselves, and the timer runs on one.
        Assert.Contains(FormattableString.Invariant($": {(3 * instances) + 1} with the default."), guide, StringComparison.Ordinal);
    }

    [GeneratedRegex("""Function\("(?<name>[a-z_]+)"\)\][^\[]*\[QueueTrigger""")]
    private static partial Regex QueueFunction();
}
