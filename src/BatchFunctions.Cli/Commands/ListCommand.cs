using System.CommandLine;
using BatchFunctions.Cli.Api;
using BatchFunctions.Cli.Terminal;
using Spectre.Console;

namespace BatchFunctions.Cli.Commands;

/// <summary><c>batch list</c>: batches, newest first.</summary>
internal static class ListCommand
{
    private const int DefaultLimit = 20;

    public static Command Create(CommandEnvironment environment)
    {
        var service = new ServiceOptions(environment);
        var limit = new Option<int>("--limit", "-n")
        {
            Description = "How many batches to list, at most.",
            DefaultValueFactory = _ => DefaultLimit,
            HelpName = "N",
        };
        limit.Validators.Add(given =>
        {
            if (given.Errors.Any() is false && given.GetValueOrDefault<int>() < 1)
            {
                given.AddError("--limit must be 1 or more; --all lists all.");
            }
        });
        var all = new Option<bool>("--all") { Description = "Lists all batches, page by page." };
        var json = new Option<bool>("--json") { Description = "Prints one batch per line, as the service returns it (JSONL)." };
        var filters = new FilterOptions(environment.Time);
        var list = new Command("list", "Lists batches, newest first.") { limit, all, json };
        filters.AddTo(list);
        service.AddTo(list);
        list.Runs(async (parsed, ct) =>
        {
            using var client = service.Open(parsed);
            var filter = filters.Filter(parsed);
            var batches = BatchWalk.WalkAsync(client, filter, parsed.GetValue(all) ? null : parsed.GetValue(limit), ct);
            if (parsed.GetValue(json))
            {
                await foreach (var batch in batches)
                {
                    await parsed.InvocationConfiguration.Output.WriteLineAsync(JsonTexts.Line(batch.Json));
                }

                return ExitCodes.Done;
            }

            var now = environment.Time.GetUtcNow();
            var table = new Table().Border(TableBorder.None).AddColumns("ID", "STATUS", "PROGRESS", "CREATED", "MODEL");
            foreach (var column in table.Columns)
            {
                column.NoWrap().PadLeft(0).PadRight(2);
            }

            await foreach (var batch in batches)
            {
                table.AddRow(
                    Texts.Cell(batch.Id),
                    StatusStyle.Markup(batch.Status),
                    Texts.Progress(batch.RequestCounts),
                    batch.CreatedAt is { } created ? Texts.Age(DateTimeOffset.FromUnixTimeSeconds(created), now) : "-",
                    Texts.Cell(batch.Model ?? "-"));
            }

            if (table.Rows.Count == 0)
            {
                await parsed.InvocationConfiguration.Error.WriteLineAsync(filter.IsNone
                    ? $"There are no batches at {client.Place} for this key. `batch run FILE.jsonl` creates one."
                    : $"There are no such batches at {client.Place} for this key.");
                return ExitCodes.Done;
            }

            Screens.Output(parsed).Write(table);
            return ExitCodes.Done;
        });
        return list;
    }
}
