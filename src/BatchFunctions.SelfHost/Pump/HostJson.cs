using System.Globalization;

namespace BatchFunctions.SelfHost.Pump;

/// <summary>
/// What <c>host.json</c> says about queues: the one copy that the Functions host reads too. Each setting can be
/// overridden as there, for instance by <c>AzureFunctionsJobHost__extensions__queues__batchSize</c>
/// (https://learn.microsoft.com/azure/azure-functions/functions-host-json#override-hostjson-values). What neither says
/// has the Functions host's default.
/// </summary>
internal sealed record HostJson
{
    /// <summary>The setting of the handlers' time limit, as the service's own settings are checked against it.</summary>
    public const string FunctionTimeoutSetting = Overrides + ":functionTimeout";

    private const string Overrides = "AzureFunctionsJobHost";
    private const string Queues = "extensions:queues:";

    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(100);

    /// <summary>As long as a queue keeps a message away. A plain "30" means days, and is thus refused.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(7);

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

    /// <summary>How long a handler may take; <see cref="Timeout.InfiniteTimeSpan"/> where the file says -1.</summary>
    public required TimeSpan FunctionTimeout { get; init; }

    /// <summary>Reads the file, and what stands above it in the settings.</summary>
    /// <exception cref="StartupException">The file is missing or no JSON, or a setting is wrong.</exception>
    public static HostJson Read(string path, IConfiguration settings)
    {
        if (!File.Exists(path))
        {
            throw new StartupException($"{path} is missing: it comes with the build, so build the project again.");
        }

        IConfiguration host;
        try
        {
            host = new ConfigurationBuilder()
                .AddJsonFile(Path.GetFullPath(path))
                .AddInMemoryCollection(settings.GetSection(Overrides).AsEnumerable(makePathsRelative: true))
                .Build();
        }
        catch (InvalidDataException e)
        {
            throw new StartupException($"{path} is not valid JSON: {e.InnerException?.Message ?? e.Message}", e);
        }

        if (host[Queues + "messageEncoding"] is not "none")
        {
            throw Wrong(host, Queues + "messageEncoding", "none, since the service's messages are plain text");
        }

        return new HostJson
        {
            BatchSize = Number(host, Queues + "batchSize", 16, 1, 32),
            NewBatchThreshold = Number(host, Queues + "newBatchThreshold", 8 * Environment.ProcessorCount, 0, 1000),
            MaxDequeueCount = Number(host, Queues + "maxDequeueCount", 5, 1, 100),
            MaxPollingInterval = Time(host, Queues + "maxPollingInterval", TimeSpan.FromMinutes(1), Shortest, Longest),
            VisibilityTimeout = Time(host, Queues + "visibilityTimeout", TimeSpan.Zero, TimeSpan.Zero, Longest),
            FunctionTimeout = host["functionTimeout"] is "-1"
                ? Timeout.InfiniteTimeSpan
                : Time(host, "functionTimeout", TimeSpan.FromMinutes(30), TimeSpan.FromSeconds(1), Longest),
        };
    }

    private static int Number(IConfiguration host, string key, int standard, int min, int max)
    {
        if (string.IsNullOrEmpty(host[key]))
        {
            return standard;
        }

        return int.TryParse(host[key], CultureInfo.InvariantCulture, out var value) && value >= min && value <= max
            ? value
            : throw Wrong(host, key, $"a number from {min} to {max}");
    }

    private static TimeSpan Time(IConfiguration host, string key, TimeSpan standard, TimeSpan min, TimeSpan max)
    {
        if (string.IsNullOrEmpty(host[key]))
        {
            return standard;
        }

        return TimeSpan.TryParseExact(host[key], "c", CultureInfo.InvariantCulture, out var value) && value >= min && value <= max
            ? value
            : throw Wrong(host, key, $"a time such as 00:00:02, from {min} to {max}");
    }

    private static StartupException Wrong(IConfiguration host, string key, string expected) => new(
        $"'{host[key]}' is no value for {key}: set it in host.json, or {Overrides}__{key.Replace(":", "__", StringComparison.Ordinal)}, to {expected}.");
}
