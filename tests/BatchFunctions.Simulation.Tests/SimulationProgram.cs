using System.Diagnostics;

namespace BatchFunctions.Simulation.Tests;

/// <summary>The program of lives, which lies beside the tests: it has one thread, so that a life repeats.</summary>
internal static class SimulationProgram
{
    /// <summary>Where it lies.</summary>
    public static string Place { get; } = Path.Combine(
        AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "BatchFunctions.Simulation.exe" : "BatchFunctions.Simulation");

    /// <summary>Runs it to its end, which must be a success.</summary>
    /// <returns>What it printed.</returns>
    public static async Task<string> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Place, arguments) { RedirectStandardOutput = true })!;
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, said);
        return said;
    }
}
