using BatchFunctions.Testing;

namespace BatchFunctions.Bench.Figures;

/// <summary>The most memory that a process holds while something runs.</summary>
internal static class Peak
{
    private static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(10);

    /// <returns>The largest resident set that was seen, in bytes.</returns>
    public static async Task<long> OfAsync(ChildProcess process, Func<Task> run)
    {
        var running = run();
        long peak = 0;
        while (!running.IsCompleted)
        {
            peak = Math.Max(peak, process.Memory);
            await Task.WhenAny(running, Task.Delay(Gap));
        }

        await running;
        return peak;
    }
}
