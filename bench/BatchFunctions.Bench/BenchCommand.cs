using System.CommandLine;
using BatchFunctions.Bench.Figures;
using BatchFunctions.Bench.Sides;

namespace BatchFunctions.Bench;

/// <summary>Measures the figures that are asked for, one after the other, and prints each as soon as it is there.</summary>
internal static class BenchCommand
{
    private const string All = "all";

    private static readonly Figure[] Figures =
    [
        new AutoFigure(),
        new ListFigure(),
        new ListMillionFigure(),
        new ListThroughputFigure(),
        new PageFigure(),
        new EngineRateFigure("engine", delay: 200, target: 0.9),
        new EngineRateFigure("engine-max", delay: 0, target: 0.5),
        new EngineProcessorFigure(),
        new EngineMemoryFigure(),
        new AnswerMemoryFigure(),
        new MillionFigure(),
        new MillionRequestsFigure(),
        new SlowStorageFigure(),
        new RecoveryFigure(),
        new TakeoverFigure(),
        new FairnessFigure(),
        new FleetFigure(),
        new FlightFigure(),
        new ValidateFigure(),
        new LatencyFigure(),
        new FirstFigure(),
        new SmallFigure(),
        new TransactionsFigure(),
        new RequestsFigure(),
        new SweepFigure(),
        new WorkersFigure(),
        new ColdFigure(),
        new StartFigure(),
        new HopFigure(),
        new MicroFigure(),
    ];

    public static RootCommand Create()
    {
        var names = new Argument<string[]>("NAME")
        {
            Description = $"The figures: {string.Join(", ", Figures.Select(figure => figure.Name))}, or {All}.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        names.AcceptOnlyFromAmong([All, .. Figures.Select(figure => figure.Name)]);
        var quick = new Option<bool>("--quick")
        {
            Description = "Small sizes and few rounds, to see that it works; without a NAME, all of them.",
        };
        var json = new Option<string?>("--json") { Description = "Writes the figures to this file as well." };
        var host = new Option<Uri?>("--host-url") { Description = "Where a Functions host serves the app, for the figure hop." };
        var before = new Option<string?>("--before")
        {
            Description = "The output folder of an older version's self-host: each figure that any version has is measured of it and of this one in turns.",
            HelpName = "FOLDER",
        };
        before.Validators.Add(result =>
        {
            if (result.GetValue(before) is { } folder && SelfHostBuild.ProblemOf(folder) is { } problem)
            {
                result.AddError(problem);
            }
        });
        var rounds = new Option<int>("--rounds")
        {
            Description = "How often each figure is measured of both versions, with --before.",
            DefaultValueFactory = _ => 2,
        };
        rounds.Validators.Add(result =>
        {
            if (result.GetValue(rounds) < 1)
            {
                result.AddError("--rounds must be 1 or more.");
            }
        });
        var root = new RootCommand(
            "How fast the service is beside the limit of what it stands on: ratios against something measured alongside, and counts.")
        {
            names, quick, json, host, before, rounds,
        };
        root.SetAction(async (parsed, ct) =>
        {
            var asked = parsed.GetValue(names) is { Length: > 0 } some ? some : parsed.GetValue(quick) ? [All] : [];
            if (asked.Length == 0)
            {
                foreach (var figure in Figures)
                {
                    Console.WriteLine($"{figure.Name,-16} {figure.Description}");
                }

                return 2;
            }

            var all = asked.Contains(All);
            var figures = Figures.Where(figure => all || asked.Contains(figure.Name)).ToList();
            if (parsed.GetValue(before) is { } folder)
            {
                var comparison = new Comparison(new SelfHostBuild(folder), SelfHostBuild.This, parsed.GetValue(quick), parsed.GetValue(rounds));
                return await CompareAsync(comparison, figures, isAsked: !all, parsed.GetValue(json), ct);
            }

            Report.Begin(parsed.GetValue(quick));
            var report = new Report { Quick = parsed.GetValue(quick), Host = parsed.GetValue(host) };
            foreach (var figure in figures)
            {
                await figure.MeasureAsync(report, ct);
            }

            if (parsed.GetValue(json) is { } path)
            {
                await report.WriteAsync(path, ct);
            }

            return 0;
        });
        return root;
    }

    /// <summary>Measures figures of two versions in turns, and prints them side by side.</summary>
    /// <param name="comparison">The two versions.</param>
    /// <param name="figures">What is to be measured.</param>
    /// <param name="isAsked">Whether each of them was named.</param>
    /// <param name="json">Where what was compared is written as well; null for nowhere.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>The exit code.</returns>
    private static async Task<int> CompareAsync(
        Comparison comparison, IReadOnlyList<Figure> figures, bool isAsked, string? json, CancellationToken ct)
    {
        if (isAsked && figures.Where(figure => !figure.IsOfAnyVersion).Select(figure => figure.Name).ToList() is { Count: > 0 } others)
        {
            await Console.Error.WriteLineAsync(
                $"Of this version alone: {string.Join(", ", others)}. With --before: {string.Join(", ", Figures.Where(figure => figure.IsOfAnyVersion).Select(figure => figure.Name))}.");
            return 2;
        }

        comparison.Begin();
        foreach (var figure in figures.Where(figure => figure.IsOfAnyVersion))
        {
            await comparison.MeasureAsync(figure, ct);
        }

        comparison.PrintTable();
        if (json is not null)
        {
            await comparison.WriteAsync(json, ct);
        }

        return 0;
    }
}
