using System.Globalization;
using System.Text.Json;
using BatchFunctions.Testing.Metering;

namespace BatchFunctions.Proof;

/// <summary>
/// Counts what a batch asks of storage. In a process of its own: its clock leaps when nothing is done in the process,
/// which among other tests would be never.
/// </summary>
internal static class Meter
{
    /// <summary>The first argument; lines and milliseconds a line follow.</summary>
    public const string Command = "meter";

    /// <summary>The first argument for small batches; how many and their lines follow.</summary>
    public const string SmallCommand = "meter-small";

    /// <summary>The first argument for a batch that expires and its retry; its lines follow.</summary>
    public const string RetryCommand = "meter-retry";

    /// <summary>Runs small batches and writes what a batch asked of storage, by request, and as its last line what all of them asked as JSON.</summary>
    public static async Task RunSmallAsync(string batches, string lines)
    {
        var count = int.Parse(batches, CultureInfo.InvariantCulture);
        var (use, requests) = await MeteredBatch.RunManyAsync(count, int.Parse(lines, CultureInfo.InvariantCulture));
        foreach (var (request, times) in requests.OrderByDescending(static pair => pair.Value))
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(double)times / count,6:0.00}  {request}"));
        }

        Console.WriteLine(JsonSerializer.Serialize(use));
    }

    /// <summary>Runs a batch of which a part expires, and its retry, and writes what both came to as JSON.</summary>
    public static async Task RunRetryAsync(string lines)
    {
        var (first, retry, succeeded) = await MeteredBatch.RunRetryAsync(int.Parse(lines, CultureInfo.InvariantCulture));
        Console.WriteLine(JsonSerializer.Serialize(new RetryReading(first, retry, succeeded.Count, succeeded.Distinct().Count())));
    }

    /// <summary>Runs the batch and writes its counts and its time as JSON.</summary>
    public static async Task RunAsync(string lines, string milliseconds)
    {
        var (use, took, steps) = await MeteredBatch.RunCountingStepsAsync(
            int.Parse(lines, CultureInfo.InvariantCulture),
            TimeSpan.FromMilliseconds(int.Parse(milliseconds, CultureInfo.InvariantCulture)));
        Console.WriteLine(JsonSerializer.Serialize(new MeterReading(use, took, steps)));
    }
}

/// <summary>What a meter has written.</summary>
/// <param name="Use">What was asked of storage.</param>
/// <param name="Took">How long the batch took.</param>
/// <param name="Steps">Calls of the function that takes up batches and ends them.</param>
internal sealed record MeterReading(StorageUse Use, TimeSpan Took, int Steps);

/// <summary>What a batch that expired and its retry came to.</summary>
/// <param name="First">The batch.</param>
/// <param name="Retry">Its retry.</param>
/// <param name="Succeeded">Lines in both output files together.</param>
/// <param name="Different">How many of these have ids of their own.</param>
internal sealed record RetryReading(MeteredRun First, MeteredRun Retry, int Succeeded, int Different);
