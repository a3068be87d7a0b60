using System.Diagnostics;
using BatchFunctions.Simulation.Running;

namespace BatchFunctions.Simulation.Tests;

/// <summary>
/// Lives of the service in simulated time, each of a seed, run by the program beside the tests: it has one thread, so that a life repeats.
/// What is broken is told with its seed; <c>dotnet run -c Release --project tests/BatchFunctions.Simulation -- --seed N</c> shows the life.
/// </summary>
public sealed class LivesTests
{
    private const int Lives = 10_000;

    /// <summary>Processor time of each process: however much the machine has to do beside, as many lives are lived.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(75);

    private static readonly string Program = Path.Combine(
        AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "BatchFunctions.Simulation.exe" : "BatchFunctions.Simulation");

    [Fact]
    public async Task No_rule_is_broken_in_many_lives()
    {
        var result = await ManyLives.RunAsync(1, Lives, Limit, Environment.ProcessorCount, untilBroken: false, output: null, Program);

        Assert.Empty(result.Broken);
        Assert.True(result.Lives > 0, result.ToString());
    }

    [Fact]
    public async Task No_rule_is_broken_in_the_lives_that_are_kept()
    {
        foreach (var seed in ManyLives.Kept)
        {
            var result = await ManyLives.RunAsync(seed, 1, TimeSpan.FromMinutes(5), processes: 1, untilBroken: false, output: null, Program);

            Assert.Empty(result.Broken);
            Assert.Equal(1, result.Lives);
        }
    }

    /// <summary>The other version is this one: what is tried is that two can be at work in one life, each in its own way to storage.</summary>
    [Fact]
    public async Task Two_versions_work_side_by_side_until_the_upgrade_is_through()
    {
        var result = await ManyLives.RunAsync(1, 40, Limit, Environment.ProcessorCount, untilBroken: false, output: null, Program, AppContext.BaseDirectory);

        Assert.Empty(result.Broken);
        Assert.True(result.Lives > 0, result.ToString());
        var trace = await TraceAsync(7, Commands.Beside, AppContext.BaseDirectory);
        Assert.Contains("starts in the other version", trace, StringComparison.Ordinal);
        Assert.Contains("shuts down", trace, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(92)]
    public async Task A_seed_has_one_life(int seed) => Assert.Equal(await TraceAsync(seed), await TraceAsync(seed));

    private static async Task<string> TraceAsync(int seed, params string[] options)
    {
        using var process = Process.Start(new ProcessStartInfo(Program, ["--seed", $"{seed}", .. options]) { RedirectStandardOutput = true })!;
        var trace = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        return trace;
    }
}
