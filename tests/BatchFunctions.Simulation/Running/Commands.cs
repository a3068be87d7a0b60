using System.Globalization;
using BatchFunctions.Simulation.Fleets;
using BatchFunctions.Simulation.Lives;
using BatchFunctions.Simulation.Workers;

namespace BatchFunctions.Simulation.Running;

/// <summary>The program's commands.</summary>
internal static class Commands
{
    /// <summary>The option that names the folder of another version.</summary>
    public const string Beside = "--beside";

    private const string Usage = """
        Lives of the service in simulated time: each of one seed, with whatever goes wrong in it.

          --seed N [--fatal STEP]               one life, with its trace; in which a worker dies at a step of the protocol, and nothing else happens
          --deaths [I/N]                        for each step of the protocol lives in which a worker dies there, until one has come to it; or for
                                                each Nth step from the Ith on
          --lives N [--from S] [--seconds T] [--processes P] [--until-broken]
                                                N lives from seed S on, one process for each core; T seconds of each one's processor time at most
          --beside FOLDER                       with one of these: workers of the version whose BatchFunctions.dll is there, too, until the
                                                upgrade to this one is through
          --about NAME                          with --lives: of those that are about one situation; --from is not looked at
          --kept                                the seeds that are kept, of faults that were found
          --fleet [I,B,T[,L]] [--keep FILE]     what I instances ask of storage with B active batches of L lines, T seconds a line; without
                                                numbers the tables of the operator's guide. What stands in the file is not simulated again
          --mutations [--only NAME,…] [--lives N] [--seconds T]
                                                takes the guards of mutations.txt away in turn, and says how many lives find that out
        """;

    /// <summary>Runs a command.</summary>
    /// <returns>The exit code: 0 where no rule was broken.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        var options = Parse(args);
        var beside = options.GetValueOrDefault(Beside);
        var other = beside is null || options.ContainsKey("--lives") ? null : ServiceVersion.Load(beside);
        if (options.TryGetValue("--seed", out var seed))
        {
            return await SingleLife.ShowAsync(Number(seed), other, options.GetValueOrDefault("--fatal"), Console.Out);
        }

        if (options.TryGetValue(StepDeaths.Option, out var share))
        {
            return await StepDeaths.RunAsync(share, Console.Out);
        }

        if (options.TryGetValue("--fleet", out var fleet))
        {
            return await FleetCommand.RunAsync(fleet, Console.Out, options.GetValueOrDefault("--keep"));
        }

        if (options.TryGetValue(LivesPart.Option, out var part))
        {
            return await LivesPart.RunAsync(part, other, Console.Out);
        }

        var processes = Number(options.GetValueOrDefault("--processes", Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture)));
        var seconds = Number(options.GetValueOrDefault("--seconds", "86400"));
        if (options.ContainsKey("--kept"))
        {
            var kept = await ManyLives.RunKeptAsync(TimeSpan.FromSeconds(seconds), processes, Console.Out);
            Console.WriteLine(kept);
            return kept.Broken.Count > 0 ? 1 : 0;
        }

        if (options.ContainsKey("--mutations"))
        {
            var most = Number(options.GetValueOrDefault("--lives", "10000"));
            return await new MutationRun(most, TimeSpan.FromSeconds(seconds), processes, Console.Out).RunAsync(options.GetValueOrDefault("--only"));
        }

        if (!options.TryGetValue("--lives", out var lives))
        {
            Console.WriteLine(Usage);
            return 2;
        }

        var about = options.GetValueOrDefault("--about");
        var result = await ManyLives.RunAsync(
            about is null ? Number(options.GetValueOrDefault("--from", "1")) : Scenarios.FirstOf(about),
            Number(lives),
            TimeSpan.FromSeconds(seconds),
            processes,
            options.ContainsKey("--until-broken"),
            Console.Out,
            beside: beside,
            step: about is null ? 1 : Scenarios.Step);
        Console.WriteLine(result);
        return result.Broken.Count > 0 ? 1 : 0;
    }

    private static Dictionary<string, string> Parse(string[] args)
    {
        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var at = 0; at < args.Length; at++)
        {
            var hasValue = at + 1 < args.Length && !args[at + 1].StartsWith("--", StringComparison.Ordinal);
            options[args[at]] = hasValue ? args[at + 1] : "";
            at += hasValue ? 1 : 0;
        }

        return options;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
