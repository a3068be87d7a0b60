using YamlDotNet.RepresentationModel;

namespace BatchFunctions.Infra.Tests;

/// <summary>The repository's YAML.</summary>
internal static class Yaml
{
    /// <summary>Reads a file of one document, which is a mapping.</summary>
    /// <param name="path">From the top of the repository.</param>
    public static YamlMappingNode Read(string path)
    {
        var yaml = new YamlStream();
        using var reader = new StreamReader(Repository.File(path));
        yaml.Load(reader);
        return (YamlMappingNode)Assert.Single(yaml.Documents).RootNode;
    }
}
