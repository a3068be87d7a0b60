using System.CommandLine;
using BatchFunctions.Bench.Figures;

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
        new EngineRateFigure("engine", delay: 200, target: 0.9),
        new EngineRateFigure("engine-max", delay: 0, target: 0.5),
        new EngineProcessorFigure(),
        new EngineMemoryFigure(),
        new AnswerMemoryFigure(),
        new MillionFigure(),
        new SlowStorageFigure(),
        new RecoveryFigure(),
        new FairnessFigure(),
        new FleetFigure(),
        new FlightFigure(),
        new ValidateFigure(),
        new LatencyFigure(),
        new FirstFigure(),
        new SmallFigure(),
        new TransactionsFigure(),
        new SweepFigure(),
        new WorkersFigure(),
        new ColdFigure(),
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
        var root = new RootCommand(
            "How fast the service is beside the limit of what it stands on: ratios against something measured alongside, and counts.")
        {
            names, quick, json, host,
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

            var report = new Report(parsed.GetValue(quick), parsed.GetValue(host));
            foreach (var figure in Figures.Where(figure => asked.Contains(All) || asked.Contains(figure.Name)))
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
}
