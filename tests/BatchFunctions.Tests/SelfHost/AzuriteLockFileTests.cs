using System.Text.Json;

namespace BatchFunctions.Tests.SelfHost;

public sealed class AzuriteLockFileTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Azurite", "npm");

    [Fact]
    public void Every_package_is_pinned_by_its_content_and_by_no_registrys_address()
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "package-lock.json")));
        var packages = file.RootElement.GetProperty("packages").EnumerateObject().Where(package => package.Name.Length > 0).ToList();

        Assert.NotEmpty(packages);
        Assert.All(packages, package =>
        {
            Assert.True(package.Value.TryGetProperty("integrity", out _), $"{package.Name} has no integrity.");
            Assert.False(package.Value.TryGetProperty("resolved", out _), $"{package.Name} names a registry.");
        });
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
}
