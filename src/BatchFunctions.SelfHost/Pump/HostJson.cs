using System.Globalization;
using BatchFunctions.Configuration;

namespace BatchFunctions.SelfHost.Pump;

/// <summary>
/// The queue settings of <c>host.json</c>, the same file that the Functions host reads. Each can be overridden as
/// there (<see cref="HostFile"/>), for instance by <c>AzureFunctionsJobHost__extensions__queues__batchSize</c>. A setting that is
/// in neither has a default, as in the Functions host.
/// </summary>
internal sealed record HostJson
{
    private const string Queues = "extensions:queues:";

    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// The longest time that a queue can hide a message. A plain "30" means 30 days, and is thus refused.
    /// </summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(7);

    /// <summary>How many messages are fetched at once.</summary>
    public required int BatchSize { get; init; }

    /// <summary>More messages are fetched while no more than this many of a queue are being handled.</summary>
    public required int NewBatchThreshold { get; init; }

    /// <summary>How often a message is tried before it goes to the poison queue.</summary>
    public required int MaxDequeueCount { get; init; }

    /// <summary>The longest time between two polls of an empty queue.</summary>
    public required TimeSpan MaxPollingInterval { get; init; }

    /// <summary>How long a message stays invisible after its handler has failed.</summary>
    public required TimeSpan VisibilityTimeout { get; init; }

    /// <summary>The time limit of a handler; <see cref="Timeout.InfiniteTimeSpan"/> if the setting is -1.</summary>
    public required TimeSpan FunctionTimeout { get; init; }

    /// <summary>Reads the file, and the settings that override it.</summary>
    /// <exception cref="StartupException">The file is missing or not valid JSON, or a setting is invalid.</exception>
    public static HostJson Read(string path, IConfiguration settings)
    {
        if (!File.Exists(path))
        {
            throw new StartupException($"{path} is missing: it comes with the build, so build the project again.");
        }

        IConfiguration host;
        try
        {
            host = HostFile.Read(path, settings);
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
            FunctionTimeout = host[HostFile.FunctionTimeout] is "-1"
                ? Timeout.InfiniteTimeSpan
                : Time(host, HostFile.FunctionTimeout, HostFile.DefaultFunctionTimeout, TimeSpan.FromSeconds(1), Longest),
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
        $"'{host[key]}' is no value for {key}: set it in host.json, or {HostFile.Overrides}__{key.Replace(":", "__", StringComparison.Ordinal)}, to {expected}.");
}
