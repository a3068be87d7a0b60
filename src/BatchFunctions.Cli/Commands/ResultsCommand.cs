using System.CommandLine;
using BatchFunctions.Cli.Terminal;

namespace BatchFunctions.Cli.Commands;

/// <summary><c>batch results ID</c>: downloads the results of a batch that has ended.</summary>
internal static class ResultsCommand
{
    public static Command Create(CommandEnvironment environment)
    {
        var service = new ServiceOptions(environment);
        var follow = new FollowOptions(outputIsShown: true);
        var id = CommonArguments.BatchId();
        var results = new Command("results", "Downloads the results of a batch that has ended, to standard output unless a file is named.") { id };
        follow.AddTo(results);
        service.AddTo(results);
        results.Runs(async (parsed, ct) =>
        {
            using var client = service.Open(parsed);
            var batch = await client.GetBatchAsync(parsed.GetValue(id)!, ct);
            return batch.HasEnded
                ? await new BatchFollow(client, environment, parsed, follow, service.Again(parsed)).FetchAsync(batch, ct)
                : throw new FailureException(
                    $"Batch {batch.Id} has no results yet: it is {batch.Status}, {Texts.Progress(batch.RequestCounts)}. `batch wait {batch.Id} -o results.jsonl{service.Again(parsed)}` waits for them.",
                    ExitCodes.Refused);
        });
        return results;
    }
}
