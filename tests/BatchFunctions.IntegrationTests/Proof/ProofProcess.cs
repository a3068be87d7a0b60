using System.Diagnostics;
using BatchFunctions.Proof;

namespace BatchFunctions.IntegrationTests.Proof;

/// <summary>
/// A command of the proof in a process of its own: for those whose clock leaps when nothing is done in their process, which
/// among other tests would be never.
/// </summary>
internal static class ProofProcess
{
    /// <summary>Runs a command to its end.</summary>
    /// <param name="limit">How long it may take.</param>
    /// <param name="arguments">The command and what follows it.</param>
    /// <returns>Its exit code and what it printed.</returns>
    public static async Task<(int ExitCode, string Said)> RunAsync(TimeSpan limit, params string[] arguments)
    {
        string[] command = [typeof(UpstreamProof).Assembly.Location, .. arguments];
        using var process = Process.Start(new ProcessStartInfo("dotnet", command) { RedirectStandardOutput = true })!;
        using var end = new CancellationTokenSource(limit);
        try
        {
            var said = await process.StandardOutput.ReadToEndAsync(end.Token);
            await process.WaitForExitAsync(end.Token);
            return (process.ExitCode, said);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
