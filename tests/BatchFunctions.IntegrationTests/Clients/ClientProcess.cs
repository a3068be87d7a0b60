using System.Collections.Concurrent;
using System.Diagnostics;

namespace BatchFunctions.IntegrationTests.Clients;

/// <summary>A client's program, which is told of the service as everywhere: by <c>OPENAI_BASE_URL</c> and <c>OPENAI_API_KEY</c>.</summary>
internal static class ClientProcess
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    /// <summary>By when what a program has printed ends, once it has: unless it has left somebody behind who could print more.</summary>
    private static readonly TimeSpan EndsAfter = TimeSpan.FromSeconds(30);

    private static readonly ConcurrentDictionary<string, Lazy<Task>> Installed = new();

    /// <summary>Installs a folder's npm packages, as its lock file names them: once in a run, whoever asks for it.</summary>
    public static Task InstallAsync(string folder) => Installed.GetOrAdd(folder, _ => new(() => RunAsync(
        OperatingSystem.IsWindows() ? "npm.cmd" : "npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder, []))).Value;

    /// <summary>Runs a program to its end, which must be a success.</summary>
    /// <returns>What it printed.</returns>
    public static Task<string> RunAsync(string program, string[] arguments, string folder, ServiceDriver service) => RunAsync(
        program, arguments, folder, [("OPENAI_BASE_URL", service.Endpoint.ToString()), ("OPENAI_API_KEY", service.Key)]);

    /// <summary>Runs a program in a folder, with more in its environment, to its end, which must be a success.</summary>
    /// <returns>What it printed.</returns>
    public static async Task<string> RunAsync(
        string program, string[] arguments, string folder, (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // What "dotnet" leaves behind for its next build would hold the other end of what is read here, for a quarter of an hour.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
        }

        await Task.WhenAll(output, errors).WaitAsync(EndsAfter);
        Assert.True(!limit.IsCancellationRequested && process.ExitCode == 0, $"{program}: {await errors}{await output}");
        return await output;
    }
}
