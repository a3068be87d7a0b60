using System.Text.Json;
using System.Xml.Linq;

namespace BatchFunctions.Infra.Tests;

/// <summary>What azd's gallery asks of a template: https://github.com/Azure-Samples/azd-template-artifacts.</summary>
public sealed class GalleryTests
{
    [Theory]
    [InlineData("README.md")]
    [InlineData("LICENSE")]
    [InlineData("SECURITY.md")]
    [InlineData("CONTRIBUTING.md")]
    [InlineData("CODE_OF_CONDUCT.md")]
    [InlineData("azure.yaml")]
    [InlineData("infra/main.bicep")]
    [InlineData(".github/workflows/azure-dev.yml")]
    [InlineData(".github/ISSUE_TEMPLATE/bug.yml")]
    [InlineData(".github/pull_request_template.md")]
    public void The_repository_has(string file) => Assert.NotEqual(0, new FileInfo(Repository.File(file)).Length);

    [Fact]
    public async Task The_template_says_its_name_and_the_version_that_it_deploys()
    {
        var version = XDocument.Load(Repository.File("Directory.Build.props")).Descendants("VersionPrefix").Single().Value;

        Assert.Contains($"  template: batchfunctions@{version}", await File.ReadAllLinesAsync(Repository.File("azure.yaml")));
    }

    [Fact]
    public async Task The_dev_container_can_deploy()
    {
        var text = await File.ReadAllTextAsync(Repository.File(".devcontainer/devcontainer.json"));
        using var container = JsonDocument.Parse(text, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip });

        var features = container.RootElement.GetProperty("features").EnumerateObject().Select(feature => feature.Name).ToList();

        Assert.Contains("ghcr.io/azure/azure-dev/azd:latest", features);
        Assert.Contains(features, feature => feature.StartsWith("ghcr.io/devcontainers/features/azure-cli:", StringComparison.Ordinal));
    }
}
