using Microsoft.Playwright;

namespace BatchFunctions.IntegrationTests.Page;

/// <summary>
/// A headless Chromium, or a browser that is made of it, for all tests of the page: its headless shell, which takes two fifths of the
/// processor time that the whole browser takes; else the machine's own browser; else one that Playwright installs.
/// </summary>
internal static class Chromium
{
    private const string Setting = "CHROMIUM";

    /// <summary>The headless shell as Debian has it, the package and the program.</summary>
    private const string Shell = "chromium-headless-shell";

    private static readonly string[] Names =
        ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge", "microsoft-edge-stable"];

    private static readonly string[] Channels = ["chrome", "msedge"];

    private static readonly Lazy<Task<IBrowser>> Browser = new(LaunchAsync);
    private static readonly Lazy<Task<IBrowserContext>> Shared = new(ShareAsync);

    /// <summary>The one that the user wants; null where the user does not say.</summary>
    private static string? Named => Environment.GetEnvironmentVariable(Setting) is { Length: > 0 } named ? named : null;

    /// <summary>The context in which tests open tabs of their own: all of its tabs have one process.</summary>
    /// <exception cref="InvalidOperationException">There is no browser, and none can be installed.</exception>
    public static Task<IBrowserContext> ContextAsync() => Shared.Value;

    /// <summary>A context for one test, with a process of its own.</summary>
    /// <exception cref="InvalidOperationException">There is no browser, and none can be installed.</exception>
    public static async Task<IBrowserContext> NewContextAsync() => await (await Browser.Value).NewContextAsync(new()
    {
        Locale = "en-GB",
        TimezoneId = "UTC",

        // Each frame of what turns and breathes would be drawn by the processor, for as long as a test waits.
        ReducedMotion = ReducedMotion.Reduce,
        ViewportSize = new() { Width = 1280, Height = 800 },
    });

    private static async Task<IBrowserContext> ShareAsync()
    {
        // Its process would end with its last tab: this one stays.
        var context = await NewContextAsync();
        _ = await context.NewPageAsync();
        return context;
    }

    private static async Task<IBrowser> LaunchAsync()
    {
        // Tests of one process share it: Playwright's driver ends with the process, and the browser with the driver.
        var chromium = (await Playwright.CreateAsync()).Chromium;
        if ((Named ?? ProgramOnPath(Shell) ?? (await DebianPackages.InstallAsync(Shell) ? ProgramOnPath(Shell) : null)) is { } best)
        {
            return await LaunchAsync(chromium, new() { ExecutablePath = best });
        }

        return await LaunchMachinesAsync(chromium)
            ?? (await InstallByPlaywrightAsync() ? await LaunchAsync(chromium, new()) : null)
            ?? throw new InvalidOperationException(
                $"The tests of the page need a browser: install Chromium, Chrome or Edge, or name one's program in {Setting}.");
    }

    private static async Task<IBrowser?> LaunchMachinesAsync(IBrowserType chromium)
    {
        if (ProgramOnPath(Names) is { } program)
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

        // One for each context: the page's policy keeps it apart from the empty tab that it is opened in, for which a second process would
        // be started.
        options.Args = ["--renderer-process-limit=1"];
        return chromium.LaunchAsync(options);
    }

    private static string? ProgramOnPath(params string[] names)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        return names.SelectMany(name => folders.Select(folder => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
    }

    /// <summary>Playwright's own installer writes to the console and says by a number how it went.</summary>
    private static async Task<bool> InstallByPlaywrightAsync() =>
        await Task.Run(() => Microsoft.Playwright.Program.Main(["install", Shell])) == 0;
}
