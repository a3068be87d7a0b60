using Microsoft.Playwright;

namespace BatchFunctions.IntegrationTests.Page;

/// <summary>
/// A headless Chromium, or a browser that is made of it, for all tests of the page: the machine's own, or else one that is
/// installed now, from Debian's packages where that may be done, or by Playwright.
/// </summary>
internal static class Chromium
{
    private const string Setting = "CHROMIUM";

    private static readonly string[] Names =
        ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge", "microsoft-edge-stable"];

    private static readonly string[] Channels = ["chrome", "msedge"];

    private static readonly Lazy<Task<IBrowser>> Shared = new(LaunchAsync);

    /// <summary>The browser; each test opens a context of its own in it.</summary>
    /// <exception cref="InvalidOperationException">There is none, and none can be installed.</exception>
    public static Task<IBrowser> BrowserAsync() => Shared.Value;

    private static async Task<IBrowser> LaunchAsync()
    {
        // Tests of one process share it: Playwright's driver ends with the process, and the browser with the driver.
        var chromium = (await Playwright.CreateAsync()).Chromium;
        return await LaunchMachinesAsync(chromium)
            ?? (await DebianPackages.InstallAsync("chromium") ? await LaunchMachinesAsync(chromium) : null)
            ?? (await InstallByPlaywrightAsync() ? await LaunchAsync(chromium, new()) : null)
            ?? throw new InvalidOperationException(
                $"The tests of the page need a browser: install Chromium, Chrome or Edge, or name one's program in {Setting}.");
    }

    private static async Task<IBrowser?> LaunchMachinesAsync(IBrowserType chromium)
    {
        if (ProgramOnPath() is { } program)
        {
            return await LaunchAsync(chromium, new() { ExecutablePath = program });
        }

        foreach (var channel in Channels)
        {
            try
            {
                return await LaunchAsync(chromium, new() { Channel = channel });
            }
            catch (PlaywrightException)
            {
                // That browser is not in its usual place either.
            }
        }

        return null;
    }

    private static Task<IBrowser> LaunchAsync(IBrowserType chromium, BrowserTypeLaunchOptions options)
    {
        // Chromium's sandbox cannot be set up by root, who runs the tests in containers.
        options.ChromiumSandbox = !Environment.IsPrivilegedProcess;
        return chromium.LaunchAsync(options);
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
