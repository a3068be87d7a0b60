using System.Diagnostics;
using System.Globalization;
using BatchFunctions.Simulation.Time;

namespace BatchFunctions.Simulation.Fleets;

/// <summary>
/// The command that says what fleets ask of storage. Small fleets are simulated, and a model is made of what was counted; larger ones are
/// simulated too, and show how far the model is off; for the rest the model alone speaks.
/// </summary>
internal static class FleetCommand
{
    private const int UsualLines = 1000;

    /// <summary>The fleets that the model is made of: none of them is in the table.</summary>
    private static readonly FleetPlan[] Counted =
    [
        Plan(1, 2, 1), Plan(1, 10, 0.2), Plan(1, 30, 20), Plan(2, 5, 60), Plan(2, 50, 1), Plan(2, 20, 0.2), Plan(3, 200, 5), Plan(4, 3, 10), Plan(5, 20, 1),
        Plan(5, 200, 20), Plan(5, 100, 60), Plan(8, 40, 0.5), Plan(20, 20, 10), Plan(20, 60, 2), Plan(20, 200, 60), Plan(20, 300, 10), Plan(2, 50, 1, 100), Plan(4, 100, 2, 20),
    ];

    /// <summary>Fleets of the table that are simulated: the model is held against them.</summary>
    private static readonly FleetPlan[] Checked =
    [
        Plan(1, 1, 0.1), Plan(1, 1, 10), Plan(1, 100, 1), Plan(1, 100, 10), Plan(1, 100, 60), Plan(10, 1, 1), Plan(10, 1, 10), Plan(10, 1, 60), Plan(10, 100, 1),
        Plan(10, 100, 10), Plan(10, 100, 60), Plan(100, 100, 1), Plan(100, 1000, 10), Plan(300, 300, 10), Plan(1000, 1000, 10),
    ];

    /// <summary>Simulates one fleet, or all that the table is made of.</summary>
    /// <param name="numbers">Instances, batches, seconds for a line and, perhaps, lines of a batch, with commas between them; empty for the table.</param>
    /// <param name="output">Where it is told.</param>
    /// <param name="path">A file that keeps what was simulated, so that it is not simulated again; null for none.</param>
    public static async Task<int> RunAsync(string numbers, TextWriter output, string? path)
    {
        Quiet.Check();
        var records = new FleetRecords(path);
        if (numbers.Length > 0)
        {
            records.Add(await SimulateAsync(Parse(numbers), output));
            return 0;
        }

        var counted = await AllAsync(Counted, records, output);
        var checkedOnes = await AllAsync(Checked, records, output);
        new FleetTable(new FleetModel(counted), checkedOnes).Write(output);
        return 0;
    }

    private static async Task<List<FleetResult>> AllAsync(IEnumerable<FleetPlan> plans, FleetRecords records, TextWriter output)
    {
        var results = new List<FleetResult>();
        foreach (var plan in plans)
        {
            if (records.Find(plan) is not { } result)
            {
                result = await SimulateAsync(plan, output);
                records.Add(result);
            }

            results.Add(result);
        }

        return results;
    }

    private static async Task<FleetResult> SimulateAsync(FleetPlan plan, TextWriter output)
    {
        var began = Stopwatch.GetTimestamp();

        // On the one thread that does all the rest.
        var result = await Task.Run(() => new FleetRun(plan).RunAsync());
        var took = Stopwatch.GetElapsedTime(began);
        output.WriteLine(FormattableString.Invariant(
            $"{plan}: {result.Total:0.0} requests a second; {result.Lines:0.0} lines and {result.Ended:0.00} batches ended, {result.LostRaces:0.0} races lost, {result.Failures} messages failed ({took.TotalSeconds:0} s)"));
        output.WriteLine("  " + string.Join(", ", result.Requests.Where(static pair => pair.Value > 0).Select(pair =>
            FormattableString.Invariant($"{pair.Key} {pair.Value:0.00}") + (result.Busiest.TryGetValue(pair.Key, out var busiest) ? FormattableString.Invariant($" ({busiest:0.0})") : ""))));
        return result;
    }

    private static FleetPlan Parse(string numbers)
    {
        var parts = numbers.Split(',').Select(static part => double.Parse(part, CultureInfo.InvariantCulture)).ToArray();
        return Plan((int)parts[0], (int)parts[1], parts[2], parts.Length > 3 ? (int)parts[3] : UsualLines);
    }

    private static FleetPlan Plan(int instances, int batches, double seconds, int lines = UsualLines) => new(instances, batches, seconds, lines);
}
