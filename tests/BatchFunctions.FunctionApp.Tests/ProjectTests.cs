using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;
using BatchFunctions.Configuration;

namespace BatchFunctions.FunctionApp.Tests;

/// <summary>What the Functions host reads, and how the app is built.</summary>
public sealed class ProjectTests
{
    private const string AppProject = "src/BatchFunctions.FunctionApp/BatchFunctions.FunctionApp.csproj";
    private static readonly string Root = FindRoot();

    [Fact]
    public void Host_json_has_no_route_prefix_and_reads_queues_as_the_protocol_needs()
    {
        var host = JsonDocument.Parse(File.ReadAllText(Path.Combine(Root, "host.json"))).RootElement;
        var extensions = host.GetProperty("extensions");
        Assert.Equal("", extensions.GetProperty("http").GetProperty("routePrefix").GetString());
        var queues = extensions.GetProperty("queues");

        // The default burns all five tries within a second.
        Assert.Equal("00:00:30", queues.GetProperty("visibilityTimeout").GetString());
        Assert.Equal(5, queues.GetProperty("maxDequeueCount").GetInt32());

        // Messages are JSON and are written as they are.
        Assert.Equal("none", queues.GetProperty("messageEncoding").GetString());
        Assert.InRange(Time(queues.GetProperty("maxPollingInterval")), TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(2));

        // A queue gives 32 messages at a time. A function takes more while those that are under way leave room, and a batch that
        // begins beside others should find some.
        Assert.InRange(queues.GetProperty("batchSize").GetInt32(), 1, 32);
        Assert.InRange(queues.GetProperty("newBatchThreshold").GetInt32(), 2 * new BatchOptions().ChunkWindow, 128);
    }

    [Fact]
    public void A_run_and_a_call_in_flight_at_its_end_fit_into_the_function_timeout()
    {
        var host = JsonDocument.Parse(File.ReadAllText(Path.Combine(Root, "host.json"))).RootElement;
        var timeout = Time(host.GetProperty("functionTimeout"));
        var options = new BatchOptions();
        Assert.True(options.RunLimit * 2 <= timeout);
        Assert.True(options.RunLimit + options.Upstream.Timeout < timeout);
    }

    [Theory]
    [InlineData(AppProject)]
    [InlineData("src/BatchFunctions.SelfHost/BatchFunctions.SelfHost.csproj")]
    public void The_one_host_json_reaches_the_output(string project)
    {
        var item = XDocument.Load(Path.Combine(Root, project)).Descendants()
            .Single(element => element.Attribute("Include")?.Value == "../../host.json");
        Assert.Equal("host.json", item.Attribute("Link")?.Value);
        Assert.Equal("PreserveNewest", item.Attribute("CopyToOutputDirectory")?.Value);
    }

    /// <summary>A build for this machine is not: that would have to compile for another's processor each time.</summary>
    [Fact]
    public void What_is_published_is_compiled_for_the_plans_instances()
    {
        var published = XDocument.Load(Path.Combine(Root, AppProject)).Descendants("PropertyGroup")
            .Single(group => group.Attribute("Condition")?.Value == "'$(_IsPublishing)' == 'true'");
        Assert.Equal(
            [("RuntimeIdentifier", "linux-x64"), ("SelfContained", "false"), ("PublishReadyToRun", "true")],
            published.Elements().Select(property => (property.Name.LocalName, property.Value)));
    }

    [Fact]
    public void Dotnet_run_is_the_worker_sdks_own_in_the_output_folder()
    {
        // The SDK starts "func start" with RunArguments behind it: a second "start" would be one too many.
        var app = XDocument.Load(Path.Combine(Root, AppProject));
        Assert.DoesNotContain(
            app.Root!.Elements("PropertyGroup").Elements(),
            property => property.Name.LocalName.StartsWith("Run", StringComparison.Ordinal) && property.Name.LocalName != "RuntimeIdentifier");
        var target = Assert.Single(app.Descendants("Target"));
        Assert.Equal("ComputeRunArguments", target.Attribute("AfterTargets")?.Value);
        Assert.Equal("$(TargetDir)", target.Descendants("RunWorkingDirectory").Single().Value);
    }

    [Fact]
    public void Only_the_functions_app_refers_to_the_worker_packages()
    {
        var referring = Directory.EnumerateFiles(Root, "*.csproj", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Where(file => XDocument.Load(file).Descendants("PackageReference").Any(reference =>
                reference.Attribute("Include")?.Value.StartsWith("Microsoft.Azure.Functions", StringComparison.Ordinal) == true))
            .Select(file => Path.GetRelativePath(Root, file).Replace('\\', '/'));
        Assert.Equal([AppProject], referring);
    }

    [Fact]
    public void The_sample_settings_name_only_settings_that_there_are()
    {
        var values = JsonDocument.Parse(File.ReadAllText(Path.Combine(Root, "local.settings.sample.json"))).RootElement
            .GetProperty("Values").EnumerateObject().Select(value => value.Name).ToList();
        Assert.Contains("AzureWebJobsStorage", values);
        foreach (var name in values.Where(name => name.StartsWith("Batch__", StringComparison.Ordinal)))
        {
            var type = typeof(BatchOptions);
            foreach (var part in name.Split("__").Skip(1))
            {
                type = type.GetProperty(part)?.PropertyType ?? throw new InvalidOperationException($"There is no setting {name}.");
            }
        }
    }

    private static TimeSpan Time(JsonElement element) => TimeSpan.ParseExact(element.GetString()!, "c", CultureInfo.InvariantCulture);

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "BatchFunctions.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests run outside of the project.");
        }

        return folder.FullName;
    }
}
