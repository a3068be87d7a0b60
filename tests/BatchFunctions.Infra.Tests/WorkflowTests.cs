using System.Text.Json;
using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace BatchFunctions.Infra.Tests;

public sealed partial class WorkflowTests
{
    private static readonly YamlMappingNode Workflow = Yaml.Read(".github/workflows/ci.yml");
    private static readonly YamlMappingNode Deployment = Yaml.Read(".github/workflows/azure-dev.yml");

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
        var called = Job("deploy");
        var deploy = (YamlMappingNode)Deployment["jobs"]["deploy"];

        Assert.Equal("./.github/workflows/azure-dev.yml", called["uses"].ToString());
        Assert.Contains("github.ref == 'refs/heads/main'", called["if"].ToString(), StringComparison.Ordinal);
        Assert.All([called, deploy], job => Assert.Contains("vars.AZURE_CLIENT_ID != ''", job["if"].ToString(), StringComparison.Ordinal));
        Assert.All([called, Deployment], asks => Assert.Equal("write", asks["permissions"]["id-token"].ToString()));
        Assert.Contains(Runs(deploy), run => run.Contains("--federated-credential-provider github", StringComparison.Ordinal));
    }

    [Fact]
    public void Only_deployment_may_do_more_than_read() => Assert.Equal("read", Workflow["permissions"]["contents"].ToString());

    [Fact]
    public async Task A_pipeline_deploys_with_every_parameter_that_a_person_can_set()
    {
        using var file = JsonDocument.Parse(await File.ReadAllTextAsync(Repository.File("infra/main.parameters.json")));
        var parameters = file.RootElement.GetProperty("parameters").EnumerateObject()
            .Select(parameter => Variable().Match(parameter.Value.GetProperty("value").GetString()!).Value)
            .Where(name => name.StartsWith("BATCH_", StringComparison.Ordinal))
            .Order()
            .ToList();
        var deploy = (YamlMappingNode)Deployment["jobs"]["deploy"];
        var provision = Assert.Single(Steps(deploy), step => step.Children.TryGetValue("run", out var run) && run.ToString().StartsWith("azd provision", StringComparison.Ordinal));

        var handed = new[] { deploy, provision }
            .SelectMany(step => ((YamlMappingNode)step["env"]).Children)
            .Where(variable => variable.Key.ToString().StartsWith("BATCH_", StringComparison.Ordinal))
            .ToDictionary(variable => variable.Key.ToString(), variable => variable.Value.ToString());

        Assert.Equal(parameters, handed.Keys.Order());
        Assert.All(handed, variable => Assert.Equal(
            variable.Key == "BATCH_UPSTREAM_API_KEY" ? $"${{{{ secrets.{variable.Key} }}}}" : $"${{{{ vars.{variable.Key} }}}}",
            variable.Value));
    }

    [Fact]
    public void A_pipeline_asks_what_the_last_deployment_said_of_the_key_unless_it_is_told()
    {
        var steps = Steps((YamlMappingNode)Deployment["jobs"]["deploy"])
            .Where(step => step.Children.ContainsKey("run")).ToList();
        var refresh = steps.FindIndex(step => step["run"].ToString().StartsWith("azd env refresh --no-prompt ||", StringComparison.Ordinal));

        Assert.InRange(refresh, 1, steps.FindIndex(step => step["run"].ToString() == "azd provision --no-prompt") - 1);
        Assert.Equal("vars.BATCH_UPSTREAM_KEY_IN_VAULT != 'yes' && vars.BATCH_UPSTREAM_KEY_IN_VAULT != 'no'", steps[refresh]["if"].ToString());
    }

    [Fact]
    public void Every_action_is_pinned()
    {
        var uses = new[] { Workflow, Deployment }
            .SelectMany(workflow => ((YamlMappingNode)workflow["jobs"]).Children.Values)
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
        var azd = Yaml.Read("azure.yaml");
        var hook = azd["hooks"]["postprovision"];

        Assert.Equal("function", azd["services"]["api"]["host"].ToString());
        Assert.True(Directory.Exists(Repository.File(azd["services"]["api"]["project"].ToString())));
        Assert.True(File.Exists(Repository.File(hook["posix"]["run"].ToString())));
        Assert.True(File.Exists(Repository.File(hook["windows"]["run"].ToString())));
    }

    [Theory]
    [InlineData("posix")]
    [InlineData("windows")]
    public void The_hook_that_prints_the_first_key_has_the_console(string system)
    {
        // azd keeps what any other hook writes to itself.
        Assert.Equal("true", Yaml.Read("azure.yaml")["hooks"]["postprovision"][system]["interactive"].ToString());
    }

    private static YamlMappingNode Job(string name) => (YamlMappingNode)Workflow["jobs"][name];

    /// <summary>A job's steps; none where it is a workflow that is called.</summary>
    private static IEnumerable<YamlMappingNode> Steps(YamlMappingNode job) =>
        job.Children.TryGetValue("steps", out var steps) ? ((YamlSequenceNode)steps).Cast<YamlMappingNode>() : [];

    private static IEnumerable<string> Runs(string job) => Runs(Job(job));

    private static IEnumerable<string> Runs(YamlMappingNode job) =>
        Steps(job).Where(step => step.Children.ContainsKey("run")).Select(step => step["run"].ToString());

    [GeneratedRegex("[A-Z][A-Z_]+")]
    private static partial Regex Variable();
}
