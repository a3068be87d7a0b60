using System.CommandLine;
using BatchFunctions.Cli.Api;
using BatchFunctions.Cli.Terminal;
using BatchFunctions.Cli.Waiting;

namespace BatchFunctions.Cli.Commands;

/// <summary><c>batch cancel ID</c>: asks for a batch to be stopped.</summary>
internal static class CancelCommand
{
    public static Command Create(Surroundings surroundings)
    {
        var service = new ServiceOptions(surroundings);
        var id = CommonArguments.BatchId();
        var wait = new Option<bool>("--wait") { Description = "Until it has ended." };
        var json = new Option<bool>("--json") { Description = "The batch as the service tells of it, on standard output." };
        var cancel = new Command("cancel", "Cancels a batch; what has been answered by then is kept.") { id, wait, json };
        service.AddTo(cancel);
        cancel.Runs(async (parsed, ct) =>
        {
            using var client = service.Open(parsed);
            var batch = await client.CancelBatchAsync(parsed.GetValue(id)!, ct);
            if (parsed.GetValue(wait))
            {
                batch = await new BatchWatch(client, surroundings.Poll, surroundings.Time)
                    .UntilEndedAsync(batch.Id, _ => { }, _ => { }, ct);
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
        ? $"Batch {batch.Id} is {batch.Status}. `batch results {batch.Id}{service}` has what was answered by then."
        : $"Batch {batch.Id} is {batch.Status}. `batch wait {batch.Id}{service}` waits for its end.";
}
