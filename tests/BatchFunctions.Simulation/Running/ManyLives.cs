using System.Diagnostics;
using System.Globalization;

namespace BatchFunctions.Simulation.Running;

/// <summary>Many lives, in as many processes as there are cores: each process has one thread, and one life at a time.</summary>
internal static class ManyLives
{
    private const string KeptFile = "kept-seeds.txt";

    /// <summary>The seeds that are kept, of faults that were found; each with what it found.</summary>
    public static IReadOnlyList<int> Kept { get; } =
    [
        .. File.ReadLines(Path.Combine(AppContext.BaseDirectory, KeptFile))
            .Where(line => line.Length > 0 && !line.StartsWith('#'))
            .Select(line => int.Parse(line.Split(' ')[0], CultureInfo.InvariantCulture)),
    ];

    /// <summary>Runs lives.</summary>
    /// <param name="from">The first seed.</param>
    /// <param name="lives">How many.</param>
    /// <param name="limit">How much processor time at most, in each process.</param>
    /// <param name="processes">In how many processes.</param>
    /// <param name="untilBroken">Whether to end with the first life in which a rule is broken.</param>
    /// <param name="output">Is told of broken rules as they come; null for nobody.</param>
    /// <param name="program">The program; this one where it is null.</param>
    /// <param name="beside">The folder of another version, at work beside this one; null for none.</param>
    /// <param name="step">How far the seeds are apart.</param>
    public static async Task<LivesResult> RunAsync(
        int from, int lives, TimeSpan limit, int processes, bool untilBroken, TextWriter? output, string? program = null, string? beside = null, int step = 1)
    {
        var clock = Stopwatch.StartNew();
        var result = new LivesResult();
        using var enough = new CancellationTokenSource();
        await Task.WhenAll(Enumerable.Range(0, processes).Select(process => RunPartAsync(
            program ?? Environment.ProcessPath!,
            [LivesPart.Option, LivesPart.Of(from + (process * step), processes * step, (lives - process + processes - 1) / processes, limit), .. beside is null ? [] : (string[])[Commands.Beside, beside]],
            line =>
            {
                if (result.Take(line) is { } broken)
                {
                    output?.WriteLine(broken);
                    if (untilBroken)
                    {
                        enough.Cancel();
                    }
                }
            },
            enough.Token)));
        result.Took = clock.Elapsed;
        return result;
    }

    /// <summary>Runs the lives that are kept.</summary>
    /// <returns>The exit code: 0 where no rule was broken.</returns>
    public static async Task<int> RunKeptAsync(int processes, TextWriter output)
    {
        var result = new LivesResult();
        foreach (var seed in Kept)
        {
            var one = await RunAsync(seed, 1, TimeSpan.FromMinutes(5), Math.Min(1, processes), untilBroken: false, output);
            result.Add(one);
        }

        await output.WriteLineAsync(result.ToString());
        return result.Broken.Count > 0 ? 1 : 0;
    }

    private static async Task RunPartAsync(string program, string[] arguments, Action<string> take, CancellationToken enough)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true };

        // A process compiles all that it runs: it may as well write where it executes.
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} was not started.");
        using var ended = enough.UnsafeRegister(static process => ((Process)process!).Kill(), process);
        while (await process.StandardOutput.ReadLineAsync(CancellationToken.None) is { } line)
        {
            take(line);
        }

        await process.WaitForExitAsync(CancellationToken.None);
        if (process.ExitCode != 0 && !enough.IsCancellationRequested)
        {
            throw new InvalidOperationException($"A process of lives ended with {process.ExitCode}.");
        }
    }
}
