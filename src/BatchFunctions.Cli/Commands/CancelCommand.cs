using System.CommandLine;
using BatchFunctions.Cli.Api;
using BatchFunctions.Cli.Terminal;
using BatchFunctions.Cli.Waiting;

namespace BatchFunctions.Cli.Commands;

/// <summary><c>batch cancel ID</c>: requests a batch's cancellation.</summary>
internal static class CancelCommand
{
    public static Command Create(CommandEnvironment environment)
    {
        var service = new ServiceOptions(environment);
        var id = CommonArguments.BatchId();
        var wait = new Option<bool>("--wait") { Description = "Waits until the batch has ended." };
        var json = new Option<bool>("--json") { Description = "Prints the batch as the service returns it." };
        var cancel = new Command("cancel", "Cancels a batch; answers received by then are kept.") { id, wait, json };
        service.AddTo(cancel);
        cancel.Runs(async (parsed, ct) =>
        {
            using var client = service.Open(parsed);
            var batch = await client.CancelBatchAsync(parsed.GetValue(id)!, ct);
            if (parsed.GetValue(wait))
            {
                batch = await new BatchWatch(client, environment.Poll, environment.Time)
                    .UntilEndedAsync(batch.Id, _ => Task.FromResult(false), _ => { }, ct);
            }

            await parsed.InvocationConfiguration.Error.WriteLineAsync(Said(batch, service.Again(parsed)));
            if (parsed.GetValue(json))
            {
                await parsed.InvocationConfiguration.Output.WriteLineAsync(JsonTexts.Lines(batch.Json));
            }

            return batch.Status is "cancelling" or "cancelled" ? ExitCodes.Done : batch.ExitCode;
        });
        return cancel;
    }

    private static string Said(Batch batch, string service) => batch.HasEnded
        ? $"Batch {batch.Id} is {batch.Status}. `batch results {batch.Id}{service}` downloads the answers received by then."
        : $"Batch {batch.Id} is {batch.Status}. `batch wait {batch.Id}{service}` waits for its end.";
}
