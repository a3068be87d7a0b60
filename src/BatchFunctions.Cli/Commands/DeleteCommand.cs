using System.CommandLine;

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
            foreach (var id in parsed.GetValue(ids)!)
            {
                await client.DeleteBatchAsync(id, ct);
                await parsed.InvocationConfiguration.Error.WriteLineAsync($"Batch {id} is deleted, with its output and error files.");
            }

            return ExitCodes.Done;
        });
        return delete;
    }
}
