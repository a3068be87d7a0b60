using System.CommandLine;
using BatchFunctions.Cli.Api;
using BatchFunctions.Cli.Terminal;
using Spectre.Console;

namespace BatchFunctions.Cli.Commands;

/// <summary><c>batch limits</c>: what the key's project may have, has, and has left.</summary>
internal static class LimitsCommand
{
    public static Command Create(CommandEnvironment environment)
    {
        var service = new ServiceOptions(environment);
        var json = new Option<bool>("--json") { Description = "Prints the limits as the service returns them." };
        var limits = new Command("limits", "Shows what the key's project may have, has, and has left.") { json };
        service.AddTo(limits);
        limits.Runs(async (parsed, ct) =>
        {
            using var client = service.Open(parsed);
            var found = await client.GetLimitsAsync(ct);
            if (parsed.GetValue(json))
            {
                await parsed.InvocationConfiguration.Output.WriteLineAsync(JsonTexts.Lines(found.Json));
                return ExitCodes.Done;
            }

            var screen = Screens.Output(parsed);
            screen.Write(UsageOf(found));
            screen.WriteLine();
            screen.Write(RestOf(found));
            return ExitCodes.Done;
        });
        return limits;
    }

    private static Table UsageOf(ProjectLimits limits)
    {
        var table = new Table().Border(TableBorder.None).AddColumns("", "USED", "LIMIT", "LEFT");
        foreach (var column in table.Columns)
        {
            column.NoWrap().PadLeft(0).PadRight(2);
        }

        void Row(string name, LimitUsage? usage, Func<long, string> text)
        {
            if (usage is not null)
            {
                table.AddRow(name, text(usage.Used), text(usage.Limit), text(usage.Remaining));
            }
        }

        Row("Batches not ended", limits.Batches, Texts.Count);
        Row("Lines waiting", limits.EnqueuedRequests, Texts.Count);
        Row("Stored", limits.StoredBytes, Bytes);
        Row("Open uploads", limits.OpenUploads, Texts.Count);
        Row("Bytes in them", limits.OpenUploadBytes, Bytes);
        return table;
    }

    private static Grid RestOf(ProjectLimits limits)
    {
        var grid = new Grid().AddColumn(new GridColumn().NoWrap().PadLeft(0).PadRight(2)).AddColumn(new GridColumn().PadLeft(0));
        void Row(string name, string? text)
        {
            if (text is not null)
            {
                grid.AddRow(name, Texts.Cell(text));
            }
        }

        Row("Project", limits.Project);
        Row("Role", limits.Role);
        Row("Weight", limits.Weight is { } weight ? Texts.Count(weight) : null);
        Row("Lines of a batch", limits.MaxRequestsPerBatch is { } lines ? Texts.Count(lines) : null);
        Row("Input of a batch", limits.MaxInputBytes is { } input ? Bytes(input) : null);
        Row("Line", limits.MaxLineBytes is { } line ? Bytes(line) : null);
        Row("File", limits.MaxFileBytes is { } file ? Bytes(file) : null);
        return grid;
    }

    private static string Bytes(long bytes) => Texts.Bytes(bytes);
}
