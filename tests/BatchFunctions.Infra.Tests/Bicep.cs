using System.Diagnostics;

namespace BatchFunctions.Infra.Tests;

/// <summary>The Bicep compiler, as its package brings it; it asks nothing of the network.</summary>
internal static class Bicep
{
    private static readonly string Path = Repository.Metadata("BicepPath");

    /// <summary>Runs the compiler to its end.</summary>
    public static Task<Outcome> RunAsync(params string[] arguments) => RunInAsync(Repository.Root, arguments);

    /// <summary>Runs the compiler to its end in a directory, which is where its patterns begin.</summary>
    public static async Task<Outcome> RunInAsync(string directory, params string[] arguments)
    {
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(Path, arguments)
            {
                WorkingDirectory = directory,
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            },
        };

        // The compiler is a .NET program of its own and must not look for this one's libraries of the platform.
        process.StartInfo.Environment["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1";
        process.Start();
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return new Outcome(process.ExitCode, await output, await errors);
    }

    /// <summary>What a run left.</summary>
    /// <param name="ExitCode">0 for success.</param>
    /// <param name="Output">What it was asked for.</param>
    /// <param name="Diagnostics">Errors and warnings; empty when there is nothing to say.</param>
    internal sealed record Outcome(int ExitCode, string Output, string Diagnostics);
}
