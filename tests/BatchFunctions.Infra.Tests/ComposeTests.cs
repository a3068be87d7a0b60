using System.Xml.Linq;
using YamlDotNet.RepresentationModel;

namespace BatchFunctions.Infra.Tests;

/// <summary>The compose file against the image that it starts, and the files that it mounts.</summary>
public sealed class ComposeTests
{
    private const string Folder = "infra/container";

    private static readonly YamlMappingNode Services = (YamlMappingNode)Read("compose.yaml")["services"];
    private static readonly YamlMappingNode Service = (YamlMappingNode)Services["batchfunctions"];
    private static readonly XDocument Project = XDocument.Load(Repository.File("src/BatchFunctions.SelfHost/BatchFunctions.SelfHost.csproj"));

    [Fact]
    public void It_starts_the_image_that_the_project_makes_at_the_port_that_it_listens_on()
    {
        var arguments = ItemsOf("ContainerDefaultArgs").Single();
        Assert.Equal($"{Project.Descendants("ContainerRepository").Single().Value}:latest", Service["image"].ToString());
        Assert.Equal(["--urls", "http://+:8080", "--metrics", "http://+:9464"], arguments.Split(';'));
        Assert.Equal(["8080", "9464"], ItemsOf("ContainerPort"));
        Assert.EndsWith(":8080", Assert.Single(Texts(Service["ports"])), StringComparison.Ordinal);
        Assert.Equal(
            ["CMD", "dotnet", "/app/BatchFunctions.SelfHost.dll", "health", "http://127.0.0.1:8080"], Texts(Service["healthcheck"]["test"]));
    }

    [Fact]
    public void Nothing_is_reachable_from_other_machines_and_the_metrics_not_from_this_one()
    {
        var published = Services.Children.SelectMany(service => ListOf(service.Value, "ports")).ToList();
        Assert.All(published, port => Assert.StartsWith("127.0.0.1:", port, StringComparison.Ordinal));
        Assert.DoesNotContain(published, port => port.EndsWith(":9464", StringComparison.Ordinal));
        Assert.Equal("true", Service["read_only"].ToString());
        Assert.Equal(["ALL"], Texts(Service["cap_drop"]));
    }

    [Fact]
    public void Its_prometheus_reads_the_service_and_has_the_alerts()
    {
        var prometheus = Read("prometheus.yml");
        var job = Assert.Single((YamlSequenceNode)prometheus["scrape_configs"]);
        Assert.Equal(["batchfunctions:9464"], Texts(((YamlSequenceNode)job["static_configs"])[0]["targets"]));
        var mounted = Services.Children.SelectMany(service => ListOf(service.Value, "volumes")).ToList();
        Assert.Contains("./alerts.yml:/etc/prometheus/alerts.yml:ro", mounted);
        Assert.Equal(["alerts.yml"], Texts(prometheus["rule_files"]));
        Assert.All(
            mounted.Where(volume => volume.StartsWith("./", StringComparison.Ordinal)).Select(volume => volume.Split(':')[0][2..]),
            path => Assert.True(Path.Exists(Repository.File($"{Folder}/{path}")), path));
    }

    private static IEnumerable<string> ItemsOf(string item) =>
        Project.Descendants(item).Select(element => element.Attribute("Include")!.Value);

    private static IEnumerable<string> ListOf(YamlNode service, string name) =>
        ((YamlMappingNode)service).Children.TryGetValue(name, out var list) ? Texts(list) : [];

    private static IEnumerable<string> Texts(YamlNode list) => ((YamlSequenceNode)list).Select(text => text.ToString());

    private static YamlMappingNode Read(string file) => Yaml.Read($"{Folder}/{file}");
}
