using System.Globalization;
using BatchFunctions.Storage;

namespace BatchFunctions.Simulation.Fleets;

/// <summary>The tables of the operator's guide, in Markdown.</summary>
/// <param name="model">What is not simulated comes from it.</param>
/// <param name="simulated">What is.</param>
internal sealed class FleetTable(FleetModel model, IReadOnlyList<FleetResult> simulated)
{
    private const int Lines = 1000;
    private const double AccountTarget = 20_000;
    private const double QueueTarget = 2_000;
    private const double PartitionTarget = 2_000;

    private static readonly int[] Instances = [1, 10, 100, 1000];
    private static readonly int[] Batches = [1, 100, 1000, 10_000, 100_000];
    private static readonly double[] Seconds = [0.1, 1, 10, 60];

    private static readonly string[] Shown =
        [FleetUse.Blobs, QueueNames.Steps, QueueNames.Chunk, TableNames.Batches, TableNames.Chunks, TableNames.Files, TableNames.Pending, TableNames.ActiveBatches, TableNames.Fleet];

    public void Write(TextWriter output)
    {
        WriteErrors(output);
        output.WriteLine();
        WriteTotals(output);
        output.WriteLine();
        WritePlaces(output);
        output.WriteLine();
        WriteCauses(output);
    }

    /// <summary>What a fleet comes to first as it grows: the target of which it takes the largest part.</summary>
    private static (string Name, double Part) FirstOf(FleetResult result) => Parts(result).MaxBy(static part => part.Part);

    private static IEnumerable<(string Name, double Part)> Parts(FleetResult result)
    {
        yield return ("account", result.Total / AccountTarget);
        foreach (var queue in QueueNames.Working)
        {
            yield return (queue, result.Requests.GetValueOrDefault(queue) / QueueTarget);
        }

        foreach (var (table, busiest) in result.Busiest)
        {
            yield return (table, busiest / PartitionTarget);
        }

        // Who writes a row under its ETag must have read it since the last write: that is one write in the time of a request, at most.
        yield return ("ledger", result.Plan.RenewalsPerSecond * FleetPlan.RequestTime.TotalSeconds);
    }

    private void WriteErrors(TextWriter output)
    {
        var errors = simulated.Select(result => (result, Error: (model.Of(result.Plan).Total / result.Total) - 1)).ToList();
        foreach (var (result, error) in errors)
        {
            output.WriteLine(FormattableString.Invariant($"{result.Plan}: simulated {result.Total:0.0}, computed {model.Of(result.Plan).Total:0.0} ({error:+0%;-0%}); lines {result.Lines:0.0}, {result.Plan.LinesPerSecond:0.0}; first {FirstOf(result)}, {FirstOf(model.Of(result.Plan))}"));
        }

        output.WriteLine(FormattableString.Invariant(
            $"Over {errors.Count} fleets that it was not made of the model is off by {errors.Average(static one => Math.Abs(one.Error)):0%} on average; over those of ten instances and more by {errors.Where(static one => one.result.Plan.Instances >= 10).Max(static one => Math.Abs(one.Error)):0%} at most, of one instance by {errors.Where(static one => one.result.Plan.Instances < 10).Max(static one => Math.Abs(one.Error)):0%}."));
    }

    private void WriteTotals(TextWriter output)
    {
        output.WriteLine("| instances | active batches | " + string.Join(" | ", Seconds.Select(static seconds => FormattableString.Invariant($"{seconds} s a line"))) + " |");
        output.WriteLine("|---:|---:|" + string.Concat(Seconds.Select(static _ => "---:|")));
        foreach (var instances in Instances)
        {
            foreach (var batches in Batches)
            {
                output.WriteLine(
                    $"| {Number(instances)} | {Number(batches)} | " + string.Join(" | ", Seconds.Select(seconds => Cell(new FleetPlan(instances, batches, seconds, Lines)))) + " |");
            }
        }
    }

    private string Cell(FleetPlan plan)
    {
        var known = simulated.FirstOrDefault(result => result.Plan == plan);
        var result = known ?? model.Of(plan);
        var (name, part) = FirstOf(result);
        var text = $"{Number(result.Total)}{(known is null ? "" : "\\*")}, {name} {part.ToString("0%", CultureInfo.InvariantCulture).Replace("%", " %", StringComparison.Ordinal)}";
        return part >= 1 ? $"**{text}**" : text;
    }

    private void WritePlaces(TextWriter output)
    {
        output.WriteLine("| instances, batches, seconds | lines/s | " + string.Join(" | ", Shown.Select(static place => $"`{place}`")) + " | others |");
        output.WriteLine("|---|---:|" + string.Concat(Shown.Select(static _ => "---:|")) + "---:|");
        foreach (var result in simulated.Append(model.Of(new FleetPlan(1000, 100_000, 10, Lines))))
        {
            var plan = result.Plan;
            output.WriteLine(
                string.Create(CultureInfo.InvariantCulture, $"| {Number(plan.Instances)}, {Number(plan.Batches)}, {plan.LineSeconds} | {Number(result.Lines)} | ")
                + string.Join(" | ", Shown.Select(place => Number(result.Requests.GetValueOrDefault(place))))
                + $" | {Number(result.Total - Shown.Sum(place => result.Requests.GetValueOrDefault(place)))} |");
        }
    }

    private void WriteCauses(TextWriter output)
    {
        output.WriteLine("| for each | " + string.Join(" | ", Shown.Select(static place => $"`{place}`")) + " | all |");
        output.WriteLine("|---|" + string.Concat(Shown.Select(static _ => "---:|")) + "---:|");
        foreach (var (at, cause) in FleetModel.Causes.Index())
        {
            output.WriteLine(
                $"| {cause.Name} | " + string.Join(" | ", Shown.Select(place => Fine(model.Requests[place][at]))) + $" | {Fine(model.Requests.Values.Sum(each => each[at]))} |");
        }
    }

    private static string Fine(double value) => value < 0.0005 ? "" : value.ToString("0.###", CultureInfo.InvariantCulture);

    private static string Number(double value) => value.ToString(value < 10 ? "0.#" : "#,0", CultureInfo.InvariantCulture);
}
