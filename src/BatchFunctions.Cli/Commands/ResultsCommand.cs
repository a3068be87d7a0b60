using System.CommandLine;
using BatchFunctions.Cli.Terminal;

namespace BatchFunctions.Cli.Commands;

/// <summary><c>batch results ID</c>: downloads the results of a batch, those so far if it runs, or all of them as they come.</summary>
internal static class ResultsCommand
{
    public static Command Create(CommandEnvironment environment)
    {
        var service = new ServiceOptions(environment);
        var follow = new FollowOptions(outputIsShown: true);
        var id = CommonArguments.BatchId();
        var along = new Option<bool>("--follow", "-f")
        {
            Description = "Writes lines as they come until the batch has ended. FILE then has its name from the first line on, and whoever reads it sees it grow.",
        };
        var merged = new Option<bool>("--merged")
        {
            Description = "One file of this batch and all that it is a retry of, or that are retries of it: each line once, with its latest answer, failed ones too.",
        };
        var results = new Command(
            "results", "Downloads the results of a batch, to standard output unless a file is named. Of a batch that runs these are the results so far, if the service has them.")
        {
            id,
            along,
            merged,
        };
        results.Validators.Add(given =>
        {
            if (given.GetValue(merged) && given.GetValue(along))
            {
                given.AddError("--merged is for batches that have ended: leave out --follow.");
            }
        });
        follow.AddTo(results);
        service.AddTo(results);
        results.Runs(async (parsed, ct) =>
        {
            using var client = service.Open(parsed);
            var batchFollow = new BatchFollow(client, environment, parsed, follow, service.Again(parsed));
            if (parsed.GetValue(along))
            {
                return await batchFollow.AlongAsync(parsed.GetValue(id)!, ct);
            }

            var batch = await client.GetBatchAsync(parsed.GetValue(id)!, ct);
            if (parsed.GetValue(merged))
            {
                return batch.HasEnded
                    ? await batchFollow.MergeAsync(batch, ct)
                    : throw new FailureException(
                        $"Batch {batch.Id} has not ended: it is {batch.Status}. `batch wait {batch.Id}{service.Again(parsed)}` waits for it.", ExitCodes.Refused);
            }

            return batch.HasEnded ? await batchFollow.FetchAsync(batch, ct)
                : batch.HasResults ? await batchFollow.FetchSoFarAsync(batch, ct)
                : throw new FailureException(
                    $"Batch {batch.Id} has no results yet: it is {batch.Status}, {Texts.Progress(batch.RequestCounts)}. `batch wait {batch.Id} -o results.jsonl{service.Again(parsed)}` waits for them.",
                    ExitCodes.Refused);
        });
        return results;
    }
}
