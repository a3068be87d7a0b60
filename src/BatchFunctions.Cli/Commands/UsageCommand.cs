using System.CommandLine;
using System.Globalization;
using BatchFunctions.Cli.Api;
using BatchFunctions.Cli.Terminal;
using Spectre.Console;

namespace BatchFunctions.Cli.Commands;

/// <summary><c>batch usage</c>: what the key's project has used.</summary>
internal static class UsageCommand
{
    private const string ByDay = "day";
    private const string ByModel = "model";

    public static Command Create(CommandEnvironment environment)
    {
        var service = new ServiceOptions(environment);
        var since = FilterOptions.Moment("--since", "From the day of this time on; thirty days before the end unless given.", environment.Time);
        var until = FilterOptions.Moment("--until", "Up to this time; now unless given.", environment.Time);
        var by = new Option<string>("--by") { Description = "A row for each day, or for each model.", HelpName = "day|model", DefaultValueFactory = _ => ByDay };
        by.AcceptOnlyFromAmong(ByDay, ByModel);
        var json = new Option<bool>("--json") { Description = "Prints the usage as the service returns it." };
        var usage = new Command("usage", "Shows what the key's project has used: batches that ended, their lines and tokens.") { since, until, by, json };
        service.AddTo(usage);
        usage.Runs(async (parsed, ct) =>
        {
            using var client = service.Open(parsed);
            var group = parsed.GetValue(by)!;
            var found = await client.GetUsageAsync(parsed.GetValue(since), parsed.GetValue(until), group, ct);
            if (parsed.GetValue(json))
            {
                await parsed.InvocationConfiguration.Output.WriteLineAsync(JsonTexts.Lines(found.Json));
                return ExitCodes.Done;
            }

            var results = found.Data.SelectMany(bucket => bucket.Results.Select(result => (Name: group == ByDay ? DayOf(bucket) : result.Model ?? "(several or unknown)", Result: result))).ToList();
            if (results.Count == 0)
            {
                await parsed.InvocationConfiguration.Error.WriteLineAsync("No batch ended in that time.");
                return ExitCodes.Done;
            }

            var screen = Screens.Output(parsed);
            screen.Write(TableOf(group, results));
            if (FailuresOf(results.Select(row => row.Result)) is { Length: > 0 } failures)
            {
                screen.WriteLine();
                screen.WriteLine($"Failures: {failures}");
            }

            return ExitCodes.Done;
        });
        return usage;
    }

    private static Table TableOf(string group, List<(string Name, UsageResult Result)> results)
    {
        var table = new Table().Border(TableBorder.None).AddColumns(group.ToUpperInvariant(), "BATCHES", "LINES", "COMPLETED", "FAILED", "INPUT TOKENS", "OUTPUT TOKENS", "TIME");
        foreach (var column in table.Columns)
        {
            column.NoWrap().PadLeft(0).PadRight(2);
        }

        foreach (var (name, result) in results)
        {
            AddRow(table, name, [result]);
        }

        AddRow(table, "total", [.. results.Select(row => row.Result)]);
        return table;
    }

    private static void AddRow(Table table, string name, UsageResult[] results) => table.AddRow(
        Texts.Cell(name),
        Texts.Count(results.Sum(result => result.Batches.Total)),
        Texts.Count(results.Sum(result => result.Requests.Total)),
        Texts.Count(results.Sum(result => result.Requests.Completed)),
        Texts.Count(results.Sum(result => result.Requests.Failed)),
        Texts.Count(results.Sum(result => result.InputTokens)),
        Texts.Count(results.Sum(result => result.OutputTokens)),
        Texts.Duration(TimeSpan.FromSeconds(results.Sum(result => result.BatchSeconds))));

    private static string FailuresOf(IEnumerable<UsageResult> results) => string.Join(
        ", ",
        results.SelectMany(result => result.Failures)
            .GroupBy(failure => failure.Kind, failure => failure.Requests)
            .Select(kind => (kind.Key, Sum: kind.Sum()))
            .OrderByDescending(kind => kind.Sum)
            .Select(kind => $"{Texts.Count(kind.Sum)} {kind.Key}"));

    private static string DayOf(UsageBucket bucket) =>
        DateTimeOffset.FromUnixTimeSeconds(bucket.StartTime).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
