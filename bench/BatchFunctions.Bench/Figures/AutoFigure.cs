using System.Globalization;
using BatchFunctions.Bench.Limits;
using BatchFunctions.Testing.Simulation;

namespace BatchFunctions.Bench.Figures;

/// <summary>
/// How well the limit on lines in flight finds itself, against simulated upstreams in simulated time: the worst of several seeds, with
/// one process and with four. Beside it, what limiters of the field do, which see each line as it ends.
/// </summary>
internal sealed class AutoFigure : Figure
{
    /// <summary>Two minutes, within which the number must be found, and again after a change.</summary>
    private const double Found = 120;

    private const double Watched = 300;

    private static readonly int[] Knees = [4, 16, 64, 256, 1024];
    private static readonly (string Name, Func<Told, LineShape> Of)[] Lines =
        [("mixed", LineShape.Mixed), ("fast", LineShape.Fast), ("slow", LineShape.Slow)];

    public override string Name => "auto";

    public override string Description => "throughput over the best fixed limit's, and lines in flight over the knee, in simulated time";

    public override Task MeasureAsync(Report report, CancellationToken ct)
    {
        var seeds = report.Quick ? 2 : 10;
        foreach (var (lines, of) in Lines)
        {
            foreach (var told in Enum.GetValues<Told>())
            {
                foreach (var processes in new[] { 1, 4 })
                {
                    foreach (var knee in Knees)
                    {
                        ct.ThrowIfCancellationRequested();
                        AddKnee(report, $"{lines}.{Words(told)}.{processes}", of(told), knee, processes, seeds);
                    }
                }
            }
        }

        AddChange(report, seeds);
        AddRefusals(report, seeds);
        AddOthers(report, seeds);
        return Task.CompletedTask;
    }

    private static string Words(Told told) => told switch
    {
        Told.Usage => "usage",
        Told.Bytes => "bytes",
        _ => "blind",
    };

    /// <summary>The worst of the seeds, with how many of them reach both targets.</summary>
    private void AddKnee(Report report, string name, LineShape lines, int knee, int processes, int seeds)
    {
        var results = Run(seeds, seed => new Simulation(UpstreamShape.With(knee), lines, processes, seed).Run(Watched));
        var reached = results.Count(one => one.Throughput(Found, Watched) >= 0.9 && one.MostOverKnee(Found, Watched) <= 2);
        var note = string.Create(
            CultureInfo.InvariantCulture,
            $"the worst of {seeds}, on average {results.Average(one => one.Throughput(Found, Watched)):0.00}; {reached} of {seeds} reach both");
        report.Add(new Measurement(
            $"{Name}.{name}.{knee}.throughput", results.Min(one => one.Throughput(Found, Watched)), "of the best", note, Target.AtLeast(0.9)));
        report.Add(new Measurement(
            $"{Name}.{name}.{knee}.in-flight", results.Max(one => one.MostOverKnee(Found, Watched)), "knees", note, Target.AtMost(2)));
    }

    /// <summary>The capacity halves at four minutes, and is back at eight.</summary>
    private void AddChange(Report report, int seeds)
    {
        var shape = new UpstreamShape { Knee = static at => at is > 240 and <= 480 ? 32 : 64 };
        foreach (var processes in new[] { 1, 4 })
        {
            var results = Run(seeds, seed => new Simulation(shape, LineShape.Mixed(Told.Usage), processes, seed).Run(720));
            foreach (var (when, from, to) in new[] { ("halved", 360.0, 480.0), ("back", 600.0, 720.0) })
            {
                report.Add(new Measurement(
                    $"{Name}.{when}.{processes}.throughput", results.Min(one => one.Throughput(from, to)), "of the best", $"the worst of {seeds}", Target.AtLeast(0.9)));
                report.Add(new Measurement(
                    $"{Name}.{when}.{processes}.in-flight", results.Max(one => one.MostOverKnee(from, to)), "knees", $"the worst of {seeds}", Target.AtMost(2)));
            }
        }
    }

    private void AddRefusals(Report report, int seeds)
    {
        foreach (var processes in new[] { 1, 4 })
        {
            foreach (var rate in new[] { 5, 20, 100 })
            {
                var shape = new UpstreamShape { Knee = static _ => 4096, RateLimit = rate };
                var results = Run(seeds, seed => new Simulation(shape, LineShape.Mixed(Told.Usage), processes, seed).Run(Watched));
                report.Add(new Measurement(
                    $"{Name}.rate.{processes}.{rate}", results.Max(one => one.Refused(60, Watched)), "of the calls refused", $"the worst of {seeds}, after the first minute", Target.AtMost(0.02)));
            }
        }
    }

    private void AddOthers(Report report, int seeds)
    {
        foreach (var (name, shape) in new (string, UpstreamShape)[]
        {
            ("shared", new() { Knee = static _ => 64, Others = static at => 16 + (16 * Math.Sin(at / 40)) }),
            ("llama", new() { Knee = static _ => 4, Slots = 4, Workers = 8 }),
            ("slots", new() { Knee = static _ => 64, Slots = 64 }),
            ("soft", new() { Knee = static _ => 16, IsSoft = true }),
        })
        {
            AddRule(report, $"{name}.auto", seeds, seed => new Simulation(shape, LineShape.Mixed(Told.Usage), 1, seed));
        }

        foreach (var knee in Knees)
        {
            var shape = UpstreamShape.With(knee);
            AddRule(report, $"gradient.{knee}", seeds, seed => new Simulation(shape, LineShape.Mixed(Told.Usage), 1, seed, new GradientRule()));
            AddRule(report, $"vegas.{knee}", seeds, seed => new Simulation(shape, LineShape.Mixed(Told.Usage), 1, seed, new VegasRule()));
        }
    }

    /// <summary>What is told and not judged.</summary>
    private void AddRule(Report report, string name, int seeds, Func<int, Simulation> make)
    {
        var results = Run(seeds, seed => make(seed).Run(Watched));
        report.Add(new Measurement(
            $"{Name}.{name}",
            results.Min(one => one.Throughput(Found, Watched)),
            "of the best",
            string.Create(CultureInfo.InvariantCulture, $"the worst of {seeds}; up to {results.Max(one => one.MostOverKnee(Found, Watched)):0.0} knees in flight")));
    }

    private static SimulationResult[] Run(int seeds, Func<int, SimulationResult> run) =>
        [.. Enumerable.Range(1, seeds).AsParallel().Select(run)];
}
