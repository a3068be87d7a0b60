using System.Reflection;
using BatchFunctions.Cli;
using BatchFunctions.IntegrationTests.Clients;
using BatchFunctions.IntegrationTests.SelfHost;
using BatchFunctions.SelfHost.Settings;

namespace BatchFunctions.IntegrationTests.Cli;

/// <summary>The command line as a .NET tool: packed, installed from a folder, run.</summary>
public sealed class ToolPackageTests
{
    [Fact]
    public async Task The_package_installs_as_the_command_batch()
    {
        using var folder = new DataFolder();
        var packages = Path.Combine(folder.Path, "packages");
        var tools = Path.Combine(folder.Path, "tools");
        var configuration = typeof(BatchCommandLine).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;
        await File.WriteAllTextAsync(
            Path.Combine(folder.Path, "NuGet.config"),
            $"""<configuration><packageSources><clear/><add key="local" value="{packages}"/></packageSources></configuration>""");

        // The tests' own build has built it.
        await DotnetAsync(["pack", Path.Combine(SelfHostSettings.Root, "src", "BatchFunctions.Cli"), "--no-build", "-c", configuration, "-o", packages]);
        await DotnetAsync(["tool", "install", "BatchFunctions.Cli", "--tool-path", tools, "--configfile", Path.Combine(folder.Path, "NuGet.config")]);

        await using var service = await OtherService.StartAsync();
        using var process = CliProcess.Start(Path.Combine(tools, "batch"), service.BaseUrl, "sk-other", ["list"]);
        var list = await process.EndAsync();

        list.AssertOneLine(ExitCodes.Done, "There are no batches");
    }

    private static Task<string> DotnetAsync(string[] arguments) => ClientProcess.RunAsync("dotnet", arguments, AppContext.BaseDirectory, []);
}
