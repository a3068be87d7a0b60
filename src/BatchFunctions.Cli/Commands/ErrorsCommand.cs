using System.CommandLine;
using System.Text.Json;
using BatchFunctions.Cli.Api;
using BatchFunctions.Cli.Results;
using BatchFunctions.Cli.Terminal;

namespace BatchFunctions.Cli.Commands;

/// <summary><c>batch errors ID</c>: why lines of a batch failed, by what they have in common.</summary>
internal static class ErrorsCommand
{
    public static Command Create(CommandEnvironment environment)
    {
        var service = new ServiceOptions(environment);
        var id = CommonArguments.BatchId();
        var json = new Option<bool>("--json") { Description = "Prints the groups as one object." };
        var errors = new Command(
            "errors", "Shows why lines of a batch failed, by what they have in common, each with an example: what it asked for, and what was answered. Of a batch that runs, so far.")
        {
            id,
            json,
        };
        service.AddTo(errors);
        errors.Runs(async (parsed, ct) =>
        {
            using var client = service.Open(parsed);
            var batch = await client.GetBatchAsync(parsed.GetValue(id)!, ct);
            var failures = await new FailedLines(client).GetAsync(batch, ct);
            await PrintAsync(parsed.InvocationConfiguration.Output, failures, parsed.GetValue(json));
            await parsed.InvocationConfiguration.Error.WriteLineAsync(Said(batch, failures));
            return ExitCodes.Done;
        });
        return errors;
    }

    private static async Task PrintAsync(TextWriter output, BatchFailures failures, bool asJson)
    {
        if (asJson)
        {
            await output.WriteLineAsync(JsonTexts.Lines(JsonSerializer.SerializeToElement(failures, ApiJson.Default.BatchFailures)));
            return;
        }

        foreach (var line in failures.Groups.SelectMany(static group => FailureTexts.Group(group).Append("")))
        {
            await output.WriteLineAsync(line);
        }

        if (failures.OtherLines > 0)
        {
            await output.WriteLineAsync($"{FailureTexts.Lines(failures.OtherLines)} more, of other kinds.");
        }
    }

    private static string Said(Batch batch, BatchFailures failures)
    {
        var soFar = batch.HasEnded ? "" : " so far";
        var what = batch is { Status: "failed", HasResults: false } ? failures.Lines == 1 ? "1 fault of its input" : $"{Texts.Count(failures.Lines)} faults of its input"
            : failures.Lines == 1 ? "1 line without a result"
            : $"{Texts.Count(failures.Lines)} lines without a result";
        var searched = failures.RequestsComplete ? "" : " The input is too long to be searched for all of the requests.";
        return failures.Lines == 0
            ? $"Batch {batch.Id} is {batch.Status}: no line has failed{soFar}."
            : $"Batch {batch.Id} is {batch.Status}: {what}{soFar}.{searched}";
    }
}
