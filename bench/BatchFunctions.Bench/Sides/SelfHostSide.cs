using BatchFunctions.Testing;

namespace BatchFunctions.Bench.Sides;

/// <summary>The service as it is shipped: the self-host's own program, told by its environment.</summary>
internal static class SelfHostSide
{
    private const string ReadyPrefix = "Listening on ";
    private const string Concurrency = "Batch:Upstream:Concurrency";

    /// <summary>Starts one on a free port and waits until it listens.</summary>
    /// <param name="connection">The storage account.</param>
    /// <param name="upstream">Where the lines go.</param>
    /// <param name="settings">What else is set.</param>
    public static Task<ChildProcess> StartAsync(string connection, Uri upstream, params (string Name, string Value)[] settings) =>
        StartAsync(connection, upstream, [], settings);

    /// <summary>Starts one that says at an address of its own what it counts.</summary>
    /// <param name="connection">The storage account.</param>
    /// <param name="upstream">Where the lines go.</param>
    /// <param name="metrics">The address.</param>
    public static Task<ChildProcess> StartWithMetricsAsync(string connection, Uri upstream, Uri metrics) =>
        StartAsync(connection, upstream, ["--metrics", metrics.GetLeftPart(UriPartial.Authority)], []);

    private static async Task<ChildProcess> StartAsync(
        string connection, Uri upstream, string[] arguments, (string Name, string Value)[] settings)
    {
        // Measured is what is done with a number of lines in flight, and not how it is found.
        var number = settings.Any(setting => setting.Name.Replace("__", ":", StringComparison.Ordinal) == Concurrency)
            ? settings
            : [(Concurrency, "64"), .. settings];
        var others = number.Select(setting => new KeyValuePair<string, string?>(setting.Name, setting.Value));
        var process = ChildProcess.Start(
            Path.Combine(AppContext.BaseDirectory, "BatchFunctions.SelfHost.dll"),
            ["--urls", "http://127.0.0.1:0", .. arguments],
            TestService.Settings(connection, upstream, others),
            ReadyPrefix);
        await process.ReadyAsync();
        return process;
    }
}
