using System.Globalization;

namespace BatchFunctions.SelfHost.Pump;

/// <summary>
/// What <c>host.json</c> says about queues: the one copy that the Functions host reads too. Each setting can be
/// overridden as there, for instance by <c>AzureFunctionsJobHost__extensions__queues__batchSize</c>.
/// </summary>
internal sealed record HostJson
{
    private const string OverridePrefix = "AzureFunctionsJobHost__";
    private const string Queues = "extensions:queues:";

    /// <summary>Messages fetched at once.</summary>
    public required int BatchSize { get; init; }

    /// <summary>More are fetched once no more than this many of a queue are being handled.</summary>
    public required int NewBatchThreshold { get; init; }

    /// <summary>How often a message is tried before it goes to the poison queue.</summary>
    public required int MaxDequeueCount { get; init; }

    /// <summary>How long an empty queue is left alone, at most.</summary>
    public required TimeSpan MaxPollingInterval { get; init; }

    /// <summary>How long a message stays away after its handler has failed.</summary>
    public required TimeSpan VisibilityTimeout { get; init; }

    /// <summary>How long a handler may take.</summary>
    public required TimeSpan FunctionTimeout { get; init; }

    /// <exception cref="StartupException">The file is missing, or a setting is wrong.</exception>
    public static HostJson Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new StartupException($"{path} is missing: it comes with the build, so build the project again.");
        }

        var configuration = new ConfigurationBuilder()
            .AddJsonFile(Path.GetFullPath(path))
            .AddEnvironmentVariables(OverridePrefix)
            .Build();
        return new HostJson
        {
            BatchSize = Number(configuration, Queues + "batchSize", 1, 32),
            NewBatchThreshold = Number(configuration, Queues + "newBatchThreshold", 0, 1000),
            MaxDequeueCount = Number(configuration, Queues + "maxDequeueCount", 1, 100),
            MaxPollingInterval = Time(configuration, Queues + "maxPollingInterval"),
            VisibilityTimeout = Time(configuration, Queues + "visibilityTimeout"),
            FunctionTimeout = Time(configuration, "functionTimeout"),
        };
    }

    private static int Number(IConfiguration configuration, string key, int min, int max) =>
        int.TryParse(configuration[key], CultureInfo.InvariantCulture, out var value) && value >= min && value <= max
            ? value
            : throw Wrong(configuration, key, $"a number from {min} to {max}");

    private static TimeSpan Time(IConfiguration configuration, string key) =>
        TimeSpan.TryParseExact(configuration[key], "c", CultureInfo.InvariantCulture, out var value) && value >= TimeSpan.Zero
            ? value
            : throw Wrong(configuration, key, "a time such as 00:00:02");

    private static StartupException Wrong(IConfiguration configuration, string key, string expected) => new(
        $"'{configuration[key]}' is no value for {key}: set it in host.json, or {OverridePrefix}{key.Replace(":", "__", StringComparison.Ordinal)}, to {expected}.");
}
