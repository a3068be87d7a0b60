using System.CommandLine;
using BatchFunctions.Cli.Api;
using BatchFunctions.Cli.Retry;
using BatchFunctions.Cli.Terminal;

namespace BatchFunctions.Cli.Commands;

/// <summary><c>batch retry ID</c>: sends what a batch has left over once more, and merges the results of both.</summary>
internal static class RetryCommand
{
    public static Command Create(CommandEnvironment environment)
    {
        var service = new ServiceOptions(environment);
        var follow = new FollowOptions(isMerged: true);
        var id = CommonArguments.BatchId();
        var only = new Option<string[]>("--only")
        {
            Description = "Sends those lines alone that ended so: an error's code or a status, as in the error file (batch_expired, 429); may be given more than once.",
            HelpName = "CODE",
            DefaultValueFactory = _ => [],
        };
        var window = new Option<string?>("--completion-window") { Description = "How long the new batch may take.", HelpName = "TIME" };
        var noWait = new Option<bool>("--no-wait") { Description = "Ends once the new batch is created, with its id on standard output; with --json, the batch." };
        var retry = new Command(
            "retry",
            "Makes a batch of those lines of an ended one that failed, expired or were cancelled, and waits for it. -o names one file for the results of both: each line once, with its latest answer.")
        {
            id,
            only,
            window,
            noWait,
        };
        follow.AddTo(retry);
        service.AddTo(retry);
        retry.Runs(async (parsed, ct) =>
        {
            using var client = service.Open(parsed);
            await follow.CheckAsync(parsed);

            var original = await client.GetBatchAsync(parsed.GetValue(id)!, ct);
            if (!original.HasEnded)
            {
                throw new FailureException(
                    $"Batch {original.Id} has not ended: it is {original.Status}. `batch wait {original.Id}{service.Again(parsed)}` waits for it.", ExitCodes.Refused);
            }

            var request = new RetryRequest(parsed.GetValue(only) is { Length: > 0 } codes ? codes : null, parsed.GetValue(window));
            var batch = await BatchRetry.TryAsync(client, original, request, ct)
                ?? await ProgressDisplays.AroundAsync(
                    parsed,
                    follow.IsQuiet(parsed),
                    environment.Time,
                    display => new LeftOverLines(client, environment, display).RunAsync(original, request, ct));
            if (parsed.GetValue(noWait))
            {
                await parsed.InvocationConfiguration.Output.WriteLineAsync(follow.Created(parsed, batch));
                return ExitCodes.Done;
            }

            await parsed.InvocationConfiguration.Error.WriteLineAsync($"Created batch {batch.Id} of what batch {original.Id} has left over.");
            return await new BatchFollow(client, environment, parsed, follow, service.Again(parsed)).ToMergedEndAsync(batch.Id, ct);
        });
        return retry;
    }
}
