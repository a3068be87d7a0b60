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
    public static Task<LivesResult> RunAsync(
        int from, int lives, TimeSpan limit, int processes, bool untilBroken, TextWriter? output, string? program = null, string? beside = null, int step = 1) => RunPartsAsync(
            program,
            Enumerable.Range(0, processes).Select<int, string[]>(process =>
            [
                LivesPart.Option, LivesPart.Of(from + (process * step), processes * step, (lives - process + processes - 1) / processes, limit),
                .. beside is null ? [] : (string[])[Commands.Beside, beside],
            ]),
            untilBroken,
            output);

    /// <summary>Runs the lives that are kept.</summary>
    /// <param name="limit">How much processor time at most, in each process.</param>
    /// <param name="processes">In how many processes.</param>
    /// <param name="output">Is told of broken rules as they come; null for nobody.</param>
    /// <param name="program">The program; this one where it is null.</param>
    public static Task<LivesResult> RunKeptAsync(TimeSpan limit, int processes, TextWriter? output, string? program = null) => RunPartsAsync(
        program,
        Enumerable.Range(0, processes).Select<int, string[]>(process => [LivesPart.Option, LivesPart.OfKept(process, processes, limit)]),
        untilBroken: false,
        output);

    private static async Task<LivesResult> RunPartsAsync(string? program, IEnumerable<string[]> parts, bool untilBroken, TextWriter? output)
    {
        var clock = Stopwatch.StartNew();
        var result = new LivesResult();
        using var enough = new CancellationTokenSource();
        await Task.WhenAll(parts.Select(arguments => RunPartAsync(
            program ?? Environment.ProcessPath!,
            arguments,
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
