using System.CommandLine;
using System.Globalization;
using BatchFunctions.Cli.Api;
using BatchFunctions.Cli.Terminal;
using BatchFunctions.Cli.Waiting;
using Spectre.Console;

namespace BatchFunctions.Cli.Commands;

/// <summary><c>batch show ID</c>: shows a batch: its timeline, counts, tokens, files and errors.</summary>
internal static class ShowCommand
{
    public static Command Create(CommandEnvironment environment)
    {
        var service = new ServiceOptions(environment);
        var id = CommonArguments.BatchId();
        var json = new Option<bool>("--json") { Description = "Prints the batch as the service returns it." };
        var show = new Command("show", "Shows a batch: its timeline, counts, tokens, files and errors.") { id, json };
        service.AddTo(show);
        show.Runs(async (parsed, ct) =>
        {
            using var client = service.Open(parsed);
            var batch = await client.GetBatchAsync(parsed.GetValue(id)!, ct);
            if (parsed.GetValue(json))
            {
                await parsed.InvocationConfiguration.Output.WriteLineAsync(JsonTexts.Lines(batch.Json));
                return ExitCodes.Done;
            }

            var gait = await new BatchPace(client, environment.Time).OfAsync(batch, ct);
            Screens.Output(parsed).Write(GridOf(batch, gait, environment.Time.GetUtcNow()));
            return ExitCodes.Done;
        });
        return show;
    }

    private static Grid GridOf(Batch batch, BatchGait gait, DateTimeOffset now)
    {
        var grid = new Grid().AddColumn(new GridColumn().NoWrap().PadLeft(0).PadRight(2)).AddColumn(new GridColumn().PadLeft(0));
        void Row(string name, string? markup)
        {
            if (!string.IsNullOrEmpty(markup))
            {
                grid.AddRow(name, markup);
            }
        }

        Row("Batch", Texts.Cell(batch.Id));
        Row("Status", StatusStyle.Markup(batch.Status));
        Row("Endpoint", Escaped(batch.Endpoint));
        Row("Model", Escaped(batch.Model));
        Row("Lines", Texts.Progress(batch.RequestCounts));
        Row("Pace", Escaped(ProgressNotes.GaitOf(gait, now)));
        Row("Tokens", batch.Usage is { TotalTokens: > 0 } usage
            ? $"{Texts.Count(usage.InputTokens)} in, {Texts.Count(usage.OutputTokens)} out"
            : null);
        foreach (var (name, moment) in Timeline(batch))
        {
            Row(name, moment is { } seconds ? Moment(seconds, batch.CreatedAt, now) : null);
        }

        Row("Input", Escaped(batch.InputFileId));
        Row("Output", Escaped(batch.OutputFileId));
        Row("Error file", Escaped(batch.ErrorFileId));
        foreach (var (key, value) in batch.Metadata ?? [])
        {
            Row("Metadata", Texts.Cell($"{key}={value}"));
        }

        foreach (var error in batch.Errors?.Data ?? [])
        {
            Row("Error", Texts.Cell(BatchErrorTexts.Line(error)));
        }

        return grid;
    }

    private static IEnumerable<(string Name, long? Moment)> Timeline(Batch batch) =>
    [
        ("Created", batch.CreatedAt),
        ("Started", batch.InProgressAt),
        ("Cancelling", batch.CancellingAt),
        ("Finalizing", batch.FinalizingAt),
        ("Completed", batch.CompletedAt),
        ("Failed", batch.FailedAt),
        ("Expired", batch.ExpiredAt),
        ("Cancelled", batch.CancelledAt),
        ("Expires", batch.HasEnded ? null : batch.ExpiresAt),
    ];

    /// <summary>
    /// A time, and its distance from the batch's creation; for the creation itself and for the future, its distance
    /// from now.
    /// </summary>
    private static string Moment(long seconds, long? created, DateTimeOffset now)
    {
        var moment = DateTimeOffset.FromUnixTimeSeconds(seconds);
        var distance = moment > now ? $"in {Texts.Rough(moment - now)}"
            : seconds == created || created is null ? Texts.Age(moment, now)
            : $"after {Texts.Duration(TimeSpan.FromSeconds(seconds - created.Value))}";
        return $"{moment.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)} ({distance})";
    }

    private static string? Escaped(string? text) => text is null ? null : Texts.Cell(text);
}
