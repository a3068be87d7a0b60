using System.CommandLine;

namespace BatchFunctions.Cli.Commands;

/// <summary><c>batch wait ID</c>: waits until a batch has ended, and downloads its results if asked to.</summary>
internal static class WaitCommand
{
    public static Command Create(CommandEnvironment environment)
    {
        var service = new ServiceOptions(environment);
        var follow = new FollowOptions();
        var id = CommonArguments.BatchId();
        var wait = new Command("wait", "Waits for a batch to end, and downloads its results to -o.") { id };
        follow.AddTo(wait);
        service.AddTo(wait);
        wait.Runs(async (parsed, ct) =>
        {
            using var client = service.Open(parsed);
            await follow.CheckAsync(parsed);
            return await new BatchFollow(client, environment, parsed, follow, service.Again(parsed))
                .ToEndAsync(parsed.GetValue(id)!, ct);
        });
        return wait;
    }
}
