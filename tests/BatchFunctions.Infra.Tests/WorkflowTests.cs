using YamlDotNet.RepresentationModel;

namespace BatchFunctions.Infra.Tests;

public sealed class WorkflowTests
{
    private static readonly YamlMappingNode Workflow = Read(".github/workflows/ci.yml");

    [Fact]
    public void Every_change_is_built_tested_and_smoke_tested_before_it_is_deployed()
    {
        Assert.Contains("dotnet build -c Release", Runs("build-and-test"));
        Assert.Contains("dotnet test -c Release --no-build", Runs("build-and-test"));
        Assert.Contains("tests/smoke/func-smoke.sh", Runs("smoke"));
        Assert.Contains("dotnet test tests/BatchFunctions.Infra.Tests -c Release", Runs("template"));
        Assert.Equal(
            ["build-and-test", "smoke", "template"],
            ((YamlSequenceNode)Job("deploy")["needs"]).Select(need => need.ToString()).Order());
    }

    [Fact]
    public void Deployment_is_off_until_configured_and_needs_no_stored_credential()
    {
        var deploy = Job("deploy");

        Assert.Contains("vars.AZURE_CLIENT_ID != ''", deploy["if"].ToString(), StringComparison.Ordinal);
        Assert.Contains("github.ref == 'refs/heads/main'", deploy["if"].ToString(), StringComparison.Ordinal);
        Assert.Equal("write", deploy["permissions"]["id-token"].ToString());
        Assert.Contains(Runs("deploy"), run => run.Contains("--federated-credential-provider github", StringComparison.Ordinal));
    }

    [Fact]
    public void Only_deployment_may_do_more_than_read() => Assert.Equal("read", Workflow["permissions"]["contents"].ToString());

    [Fact]
    public void Every_action_is_pinned()
    {
        var uses = ((YamlMappingNode)Workflow["jobs"]).Children.Values
            .SelectMany(job => Steps((YamlMappingNode)job))
            .Where(step => step.Children.ContainsKey("uses"))
            .Select(step => step["uses"].ToString())
            .ToList();

        Assert.NotEmpty(uses);
        Assert.All(uses, action => Assert.Matches("^[A-Za-z-]+/[a-z-]+@(v[0-9]+|[0-9a-f]{40})$", action));
    }

    [Fact]
    public void Azd_deploys_the_functions_app_and_its_hooks_are_there_for_both_shells()
    {
        var azd = Read("azure.yaml");
        var hook = azd["hooks"]["postprovision"];

        Assert.Equal("function", azd["services"]["api"]["host"].ToString());
        Assert.True(Directory.Exists(Repository.File(azd["services"]["api"]["project"].ToString())));
        Assert.True(File.Exists(Repository.File(hook["posix"]["run"].ToString())));
        Assert.True(File.Exists(Repository.File(hook["windows"]["run"].ToString())));
    }

    private static YamlMappingNode Read(string path)
    {
        var yaml = new YamlStream();
        using var reader = new StreamReader(Repository.File(path));
        yaml.Load(reader);
        return (YamlMappingNode)Assert.Single(yaml.Documents).RootNode;
    }

    private static YamlMappingNode Job(string name) => (YamlMappingNode)Workflow["jobs"][name];

    private static IEnumerable<YamlMappingNode> Steps(YamlMappingNode job) =>
        ((YamlSequenceNode)job["steps"]).Cast<YamlMappingNode>();

    private static IEnumerable<string> Runs(string job) =>
        Steps(Job(job)).Where(step => step.Children.ContainsKey("run")).Select(step => step["run"].ToString());
}
