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
    /// <summary>The first argument; lines, milliseconds a line and the storage account follow.</summary>
    public const string Command = "meter";

    /// <summary>The first argument for small batches; how many, their lines and the storage account follow.</summary>
    public const string SmallCommand = "meter-small";

    /// <summary>Runs small batches and writes what all of them asked of storage as JSON.</summary>
    public static async Task RunSmallAsync(string batches, string lines, string connection) =>
        Console.WriteLine(JsonSerializer.Serialize(await MeteredBatch.RunManyAsync(
            connection, int.Parse(batches, CultureInfo.InvariantCulture), int.Parse(lines, CultureInfo.InvariantCulture))));

    /// <summary>Runs the batch and writes its counts and its time as JSON.</summary>
    public static async Task RunAsync(string lines, string milliseconds, string connection)
    {
        var (use, took) = await MeteredBatch.RunAsync(
            connection,
            int.Parse(lines, CultureInfo.InvariantCulture),
            TimeSpan.FromMilliseconds(int.Parse(milliseconds, CultureInfo.InvariantCulture)));
        Console.WriteLine(JsonSerializer.Serialize(new MeterReading(use, took)));
    }
}

/// <summary>What a meter has written.</summary>
internal sealed record MeterReading(StorageUse Use, TimeSpan Took);
