using System.Globalization;
using BatchFunctions.Bench.Sides;

namespace BatchFunctions.Bench.Figures;

/// <summary>
/// Two builds of the self-host side by side: each figure is measured of both in turns, so that what else the machine does meanwhile
/// falls on both. What a build cannot do is told as absent.
/// </summary>
/// <param name="before">The older build.</param>
/// <param name="after">The newer one.</param>
/// <param name="quick">Whether sizes are small and rounds few.</param>
/// <param name="rounds">How often each figure is measured of each.</param>
internal sealed class Comparison(SelfHostBuild before, SelfHostBuild after, bool quick, int rounds)
{
    private const int LongestProblem = 200;

    private readonly List<Compared> _all = [];

    /// <summary>The most that one measurement of a figure of one build may take: an older version may never come to its end.</summary>
    private TimeSpan Patience => TimeSpan.FromMinutes(quick ? 20 : 40);

    /// <summary>Begins the output with the machine and the two versions.</summary>
    public void Begin()
    {
        Report.Begin(quick);
        Console.WriteLine($"# before: {before.Version}; after: {after.Version}; {rounds} rounds of each figure in turns");
    }

    /// <summary>Measures a figure in turns, and prints what came of it.</summary>
    public async Task MeasureAsync(Figure figure, CancellationToken ct)
    {
        var (old, now) = (new List<Turn>(), new List<Turn>());
        for (var round = 0; round < rounds; round++)
        {
            // Who comes first takes turns as well.
            (string, SelfHostBuild, List<Turn>)[] both = [("before: ", before, old), ("after: ", after, now)];
            foreach (var (mark, build, turns) in round % 2 == 0 ? both : both.Reverse())
            {
                turns.Add(await MeasureAsync(figure, mark, build, ct));
            }
        }

        var compared = old.Concat(now).SelectMany(turn => turn.All).DistinctBy(one => one.Name)
            .Select(one => Compared.Of(one, old, now))
            .DefaultIfEmpty(new Compared(figure.Name, "", null, null, null, ProblemOf(old), ProblemOf(now)));
        foreach (var one in compared)
        {
            _all.Add(one);
            Console.WriteLine(one);
        }
    }

    /// <summary>Prints all that was compared, as a table for a document.</summary>
    public void PrintTable()
    {
        Console.WriteLine("\n| figure | before | after | after ÷ before | |\n|---|---:|---:|---:|---|");
        foreach (var one in _all)
        {
            Console.WriteLine(one.ToRow());
        }
    }

    /// <summary>Writes all that was compared as JSON.</summary>
    public Task WriteAsync(string path, CancellationToken ct) => Report.WriteAsync(path, quick, _all, ct);

    /// <summary>Why a build has not measured something, in the words of the last turn that failed; null where none did.</summary>
    internal static string? ProblemOf(IEnumerable<Turn> turns) => turns.LastOrDefault(turn => turn.Problem is not null)?.Problem;

    /// <summary>A process that ends tells all that it has written, of which the beginning says what is wrong.</summary>
    private static string ShortOf(string message)
    {
        var line = message.ReplaceLineEndings(" ").Split("    at ", 2)[0].Trim();
        return line.Length > LongestProblem ? line[..LongestProblem] + "…" : line;
    }

    private async Task<Turn> MeasureAsync(Figure figure, string mark, SelfHostBuild build, CancellationToken ct)
    {
        var report = new Report { Quick = quick, Build = build, Mark = mark };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Patience);
        try
        {
            await figure.MeasureAsync(report, limit.Token);
            return new Turn(report.All, Problem: null);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            var problem = limit.IsCancellationRequested ? $"not within {Patience.TotalMinutes:0} minutes" : ShortOf(e.Message);
            Console.WriteLine($"{mark}{figure.Name} goes no further: {problem}");
            return new Turn(report.All, problem);
        }
    }
}

/// <summary>One measurement of a figure of one build.</summary>
/// <param name="All">What was measured.</param>
/// <param name="Problem">Why there is no more; null where there is all.</param>
internal sealed record Turn(IReadOnlyList<Measurement> All, string? Problem)
{
    /// <summary>What a case came to; null where it was not measured.</summary>
    public double? this[string name] => All.FirstOrDefault(one => one.Name == name)?.Value;
}

/// <summary>A case of a figure, of both builds: the medians of the rounds.</summary>
/// <param name="Name">The case.</param>
/// <param name="Unit">What the values count.</param>
/// <param name="Before">The older build's; null where it has none.</param>
/// <param name="After">The newer one's; null where it has none.</param>
/// <param name="Ratio">The median of the rounds' own ratios, the newer one's to the older one's; null where there is none.</param>
/// <param name="BeforeProblem">Why the older has none.</param>
/// <param name="AfterProblem">Why the newer has none.</param>
internal sealed record Compared(
    string Name, string Unit, double? Before, double? After, double? Ratio, string? BeforeProblem, string? AfterProblem)
{
    private const string Absent = "absent";

    /// <summary>As a row of a table for a document.</summary>
    public string ToRow() => $"| `{Name}` | {Text(Before)} | {Text(After)} | {Text(Ratio, "")} | {Unit}{Problems} |";

    private string Problems => string.Concat(
        new[] { (Before, "before", BeforeProblem), (After, "after", AfterProblem) }
            .Where(side => side.Item1 is null)
            .Select(side => $"; {side.Item2}: {side.Item3 ?? "not measured"}"));

    /// <summary>Puts a case of the builds' turns side by side.</summary>
    /// <param name="measured">The case, of either build.</param>
    /// <param name="old">The older build's turns.</param>
    /// <param name="now">The newer one's, as many.</param>
    public static Compared Of(Measurement measured, IReadOnlyList<Turn> old, IReadOnlyList<Turn> now) => new(
        measured.Name,
        measured.Unit,
        MedianOf(old.Select(turn => turn[measured.Name])),
        MedianOf(now.Select(turn => turn[measured.Name])),
        MedianOf(old.Zip(now, (earlier, later) => earlier[measured.Name] is { } before and not 0 ? later[measured.Name] / before : null)),
        Comparison.ProblemOf(old),
        Comparison.ProblemOf(now));

    public override string ToString() =>
        $"= {Name}: before {Text(Before)}, after {Text(After)} {Unit}{(Ratio is null ? "" : $", {Text(Ratio)} ×")}{Problems}";

    private static double? MedianOf(IEnumerable<double?> values)
    {
        var present = values.OfType<double>().ToList();
        return present.Count == 0 ? null : Interleaved.Median(present);
    }

    private static string Text(double? value, string absent = Absent) => value is { } number
        ? number.ToString(Math.Abs(number) < 100 ? "0.###" : "0", CultureInfo.InvariantCulture)
        : absent;
}
