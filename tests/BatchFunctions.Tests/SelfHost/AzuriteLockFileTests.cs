using System.Text.Json;

namespace BatchFunctions.Tests.SelfHost;

public sealed class AzuriteLockFileTests
{
    /// <summary>The empty package that stands for others.</summary>
    private const string Absent = "absent";

    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Azurite", "npm");

    [Fact]
    public void Every_package_is_pinned_by_its_content_and_by_no_registrys_address()
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "package-lock.json")));
        var packages = file.RootElement.GetProperty("packages").EnumerateObject()
            .Where(package => package.Name.StartsWith("node_modules/", StringComparison.Ordinal) && !IsAbsent(package.Value))
            .ToList();

        Assert.NotEmpty(packages);
        Assert.All(packages, package =>
        {
            Assert.True(package.Value.TryGetProperty("integrity", out _), $"{package.Name} has no integrity.");
            Assert.False(package.Value.TryGetProperty("resolved", out _), $"{package.Name} names a registry.");
        });
    }

    /// <summary>Telemetry and databases are five sixths of what Azurite depends on: nothing of theirs is installed.</summary>
    [Fact]
    public void What_is_not_used_here_is_not_installed()
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "package-lock.json")));
        var packages = file.RootElement.GetProperty("packages");

        Assert.All(
            ["applicationinsights", "mysql2", "tedious"],
            name => Assert.True(IsAbsent(packages.GetProperty($"node_modules/{name}"))));
        Assert.DoesNotContain(packages.EnumerateObject(), package => package.Name.Contains("opentelemetry", StringComparison.Ordinal));
        Assert.True(File.Exists(Path.Combine(Folder, Absent, "package.json")));
    }

    [Fact]
    public void The_folder_that_it_is_installed_into_bears_its_version()
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "package.json")));

        Assert.EndsWith(
            $"azurite-{file.RootElement.GetProperty("dependencies").GetProperty("azurite").GetString()}",
            BatchFunctions.SelfHost.Settings.SelfHostSettings.AzuriteFolder,
            StringComparison.Ordinal);
    }

    private static bool IsAbsent(JsonElement package) => package.TryGetProperty("resolved", out var resolved) && resolved.GetString() == Absent;
}
