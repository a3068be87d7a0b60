using System.CommandLine;
using BatchFunctions.Cli.Api;

namespace BatchFunctions.Cli.Commands;

/// <summary><c>batch delete ID…</c>: deletes ended batches with their output and error files.</summary>
internal static class DeleteCommand
{
    public static Command Create(CommandEnvironment environment)
    {
        var service = new ServiceOptions(environment);
        var ids = new Argument<string[]>("ID") { Description = "Ids of batches, as the list shows them.", Arity = ArgumentArity.OneOrMore };
        var delete = new Command("delete", "Deletes batches that have ended, with their output and error files; their inputs stay.") { ids };
        service.AddTo(delete);
        delete.Runs(async (parsed, ct) =>
        {
            using var client = service.Open(parsed);
            var said = parsed.InvocationConfiguration.Error;
            var code = ExitCodes.Done;
            foreach (var id in parsed.GetValue(ids)!)
            {
                try
                {
                    await client.DeleteBatchAsync(id, ct);
                    await said.WriteLineAsync($"Batch {id} is deleted, with its output and error files.");
                }
                catch (ApiException e) when (e.Status is 404 or 409)
                {
                    // One that is gone, or runs, keeps none of the others.
                    await said.WriteLineAsync(e.Status == 409 ? $"Batch {id}: {e.Message}" : e.Message);
                    code = ExitCodes.Refused;
                }
            }

            return code;
        });
        return delete;
    }
}
