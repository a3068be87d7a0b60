using System.Text.Json;

namespace BatchFunctions.Infra.Tests;

[Collection(nameof(Deployments))]
public sealed class WorkbookTests(Deployments deployments)
{
    private static readonly string[] Queries = ["batches", "cost", "queues", "storage-requests", "upstream"];

    [Fact]
    public async Task It_shows_each_query_of_the_folder_as_it_stands_there()
    {
        var shown = Items(type: 3).ToDictionary(item => item.GetProperty("name").GetString()!, item => item.GetProperty("content").GetProperty("query").GetString()!);

        Assert.Equal(Queries, shown.Keys.Order());
        Assert.Equal(Queries, Directory.EnumerateFiles(Repository.File("infra/queries")).Select(Path.GetFileNameWithoutExtension).Order());
        foreach (var (name, query) in shown)
        {
            Assert.Equal(await File.ReadAllTextAsync(Repository.File($"infra/queries/{name}.kql")), query);
        }
    }

    [Fact]
    public async Task The_guide_names_each_query()
    {
        var guide = await File.ReadAllTextAsync(Repository.File("docs/operations.md"));

        Assert.All(Queries, name => Assert.Contains($"(../infra/queries/{name}.kql)", guide, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Every_metric_that_a_query_reads_is_one_that_the_service_has()
    {
        var described = await File.ReadAllTextAsync(Repository.File("ARCHITECTURE.md"));
        var read = Items(type: 3)
            .SelectMany(item => item.GetProperty("content").GetProperty("query").GetString()!.Split('\''))
            .Where(text => text.StartsWith("batchfunctions.", StringComparison.Ordinal))
            .ToList();

        Assert.NotEmpty(read);
        Assert.All(read, metric => Assert.Contains($"`{metric}`", described, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_cost_goes_by_the_guides_prices()
    {
        var query = await File.ReadAllTextAsync(Repository.File("infra/queries/cost.kql"));

        Assert.Contains($"in ('PUT', 'POST'), {Price("blob writes")},", query, StringComparison.Ordinal);
        Assert.Contains($"in ('blob', 'queue'), {Price("blob reads")},", query, StringComparison.Ordinal);
        Assert.Equal(Price("blob reads"), Price("queue: sent, deleted"));
        Assert.Contains($"    {Price("tables")})", query, StringComparison.Ordinal);
        Assert.Contains("Quantity / 1000 * 2.30)", query, StringComparison.Ordinal);
        Assert.Contains(
            await File.ReadAllLinesAsync(Repository.File("docs/operations.md")),
            line => line.StartsWith("| Log Analytics | $2.30 a GB", StringComparison.Ordinal));

        static string Price(string name) => FormattableString.Invariant($"{CostTableTests.Prices[name]}");
    }

    [Fact]
    public void It_reads_this_deployments_workspace_and_app()
    {
        var workspace = deployments.Plain.One("Microsoft.OperationalInsights/workspaces").Id;
        var app = deployments.Plain.One("Microsoft.Web/sites").Id;

        Assert.Equal(workspace, Workbook.At("sourceId").GetString(), ignoreCase: true);
        Assert.All(Items(type: 3), item => Assert.Equal(workspace, item.GetProperty("content").GetProperty("crossComponentResources")[0].GetString(), ignoreCase: true));
        var metrics = Assert.Single(Items(type: 10)).GetProperty("content");
        Assert.Equal(app, metrics.GetProperty("resourceIds")[0].GetString(), ignoreCase: true);
        Assert.Contains(
            "microsoft.web/sites--OnDemandFunctionExecutionUnits",
            metrics.GetProperty("metrics").EnumerateArray().Select(metric => metric.GetProperty("metric").GetString()));
    }

    private Deployment.Resource Workbook => deployments.Plain.One("Microsoft.Insights/workbooks");

    private List<JsonElement> Items(int type)
    {
        using var content = JsonDocument.Parse(Workbook.At("serializedData").GetString()!);
        return
        [
            .. content.RootElement.Clone().GetProperty("items").EnumerateArray().Where(item => item.GetProperty("type").GetInt32() == type),
        ];
    }
}
