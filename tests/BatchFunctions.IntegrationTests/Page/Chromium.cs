using Microsoft.Playwright;

namespace BatchFunctions.IntegrationTests.Page;

/// <summary>
/// A headless Chromium, or a browser that is made of it, for all tests of the page: the machine's own, or else one that is
/// installed now, from Debian's packages where that may be done, or by Playwright.
/// </summary>
public sealed class Chromium : IAsyncLifetime
{
    private const string Setting = "CHROMIUM";

    private static readonly string[] Names =
        ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge", "microsoft-edge-stable"];

    private static readonly string[] Channels = ["chrome", "msedge"];

    private IPlaywright? _playwright;

    public IBrowser Browser { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        _playwright = await Playwright.CreateAsync();
        Browser = await LaunchMachinesAsync()
            ?? (await DebianPackages.InstallAsync("chromium") ? await LaunchMachinesAsync() : null)
            ?? (await InstallByPlaywrightAsync() ? await LaunchAsync(new()) : null)
            ?? throw new InvalidOperationException(
                $"The tests of the page need a browser: install Chromium, Chrome or Edge, or name one's program in {Setting}.");
    }

    public async Task DisposeAsync()
    {
        if (Browser is not null)
        {
            await Browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }

    private async Task<IBrowser?> LaunchMachinesAsync()
    {
        if (ProgramOnPath() is { } program)
        {
            return await LaunchAsync(new() { ExecutablePath = program });
        }

        foreach (var channel in Channels)
        {
            try
            {
                return await LaunchAsync(new() { Channel = channel });
            }
            catch (PlaywrightException)
            {
                // That browser is not in its usual place either.
            }
        }

        return null;
    }

    private Task<IBrowser> LaunchAsync(BrowserTypeLaunchOptions options)
    {
        // Chromium's sandbox cannot be set up by root, who runs the tests in containers.
        options.ChromiumSandbox = !Environment.IsPrivilegedProcess;
        return _playwright!.Chromium.LaunchAsync(options);
    }

    private static string? ProgramOnPath()
    {
        if (Environment.GetEnvironmentVariable(Setting) is { Length: > 0 } named)
        {
            return named;
        }

        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        return Names.SelectMany(name => folders.Select(folder => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
    }

    /// <summary>Playwright's own installer writes to the console and says by a number how it went.</summary>
    private static async Task<bool> InstallByPlaywrightAsync() =>
        await Task.Run(() => Microsoft.Playwright.Program.Main(["install", "chromium-headless-shell"])) == 0;
}

/// <summary>The tests of the page share one browser, and take turns at it.</summary>
[CollectionDefinition(Name)]
public sealed class PageTests : ICollectionFixture<Chromium>
{
    public const string Name = "Page";
}
