using System.Formats.Tar;
using System.IO.Compression;
using System.Reflection;
using System.Text.Json;
using BatchFunctions.IntegrationTests.Clients;
using BatchFunctions.IntegrationTests.SelfHost;
using BatchFunctions.SelfHost;
using BatchFunctions.Testing;

namespace BatchFunctions.IntegrationTests.Container;

/// <summary>The self-host's image as <c>dotnet publish</c> makes it, but for the base image, which is an empty one.</summary>
public sealed class ContainerImageTests
{
    [Fact]
    public async Task The_image_starts_the_service_without_rights_and_has_nothing_of_this_machine_in_it()
    {
        using var folder = new DataFolder();
        var archive = Path.Combine(folder.Path, "image.tar");
        await using (var registry = await BaseImageRegistry.StartAsync())
        {
            await PublishAsync(registry, archive);
        }

        var image = Path.Combine(folder.Path, "image");
        Directory.CreateDirectory(image);
        await TarFile.ExtractToDirectoryAsync(archive, image, overwriteFiles: true);
        var manifest = Read(Path.Combine(image, "manifest.json"))[0];
        Assert.Contains("batchfunctions:latest", manifest.GetProperty("RepoTags").EnumerateArray().Select(tag => tag.GetString()));

        var config = Read(Path.Combine(image, manifest.GetProperty("Config").GetString()!)).GetProperty("config");
        Assert.Equal("1654", config.GetProperty("User").GetString());
        Assert.Equal(["dotnet", "BatchFunctions.SelfHost.dll"], Texts(config, "Entrypoint"));
        Assert.Equal(["--urls", "http://+:8080", "--metrics", "http://+:9464"], Texts(config, "Cmd"));
        Assert.Equal(["8080/tcp", "9464/tcp"], config.GetProperty("ExposedPorts").EnumerateObject().Select(port => port.Name).Order());

        var layer = Path.Combine(image, manifest.GetProperty("Layers").EnumerateArray().Last().GetString()!);
        var files = await FilesOfAsync(layer);
        Assert.Contains("app/BatchFunctions.SelfHost.dll", files);
        Assert.Contains("app/host.json", files);
        Assert.DoesNotContain(files, file => file.Contains("local.settings", StringComparison.Ordinal) || file.Contains("node_modules", StringComparison.Ordinal));
    }

    private static Task<string> PublishAsync(BaseImageRegistry registry, string archive)
    {
        var configuration = typeof(SelfHostApp).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;

        // The tests' own build has built it.
        return ClientProcess.RunAsync(
            "dotnet",
            [
                "publish", Repository.At("src/BatchFunctions.SelfHost"), "--no-build", "-c", configuration, "-t:PublishContainer",
                $"-p:ContainerBaseImage={registry.Image}", $"-p:ContainerArchiveOutputPath={archive}",
            ],
            AppContext.BaseDirectory,
            [("DOTNET_CONTAINER_INSECURE_REGISTRIES", registry.Host)]);
    }

    private static JsonElement Read(string path) => JsonDocument.Parse(File.ReadAllBytes(path)).RootElement;

    private static IEnumerable<string?> Texts(JsonElement config, string property) =>
        config.GetProperty(property).EnumerateArray().Select(text => text.GetString());

    private static async Task<List<string>> FilesOfAsync(string layer)
    {
        await using var bytes = File.OpenRead(layer);
        await using var tar = new TarReader(new GZipStream(bytes, CompressionMode.Decompress));
        var files = new List<string>();
        while (await tar.GetNextEntryAsync() is { } entry)
        {
            files.Add(entry.Name.TrimStart('/'));
        }

        return files;
    }
}
