using System.CommandLine;
using BatchFunctions.Cli.Api;
using BatchFunctions.Cli.Input;
using BatchFunctions.Cli.Terminal;
using BatchFunctions.Cli.Waiting;

namespace BatchFunctions.Cli.Commands;

/// <summary><c>batch run FILE</c>: uploads, creates, waits, downloads.</summary>
internal static class RunCommand
{
    public static Command Create(CommandEnvironment environment)
    {
        var service = new ServiceOptions(environment);
        var follow = new FollowOptions();
        var creation = new CreationOptions();
        var noWait = new Option<bool>("--no-wait") { Description = "Ends once the batch is created, with its id on standard output; with --json, the batch." };
        var run = new Command("run", "Runs a file of requests as a batch: uploads it, waits, and downloads the results to -o.");
        creation.AddTo(run);
        follow.AddTo(run);
        run.Add(noWait);
        service.AddTo(run);
        run.Runs(async (parsed, ct) =>
        {
            using var input = await creation.OpenInputAsync(parsed, environment, ct);
            var endpoint = creation.EndpointOf(parsed, input);
            using var client = service.Open(parsed);
            await follow.CheckAsync(parsed);

            var file = await UploadAsync(client, parsed, input, creation.InParts(parsed), follow.IsQuiet(parsed), environment, ct);
            var batch = await MakeAsync(client, parsed, creation.Request(parsed, file, endpoint), ct);
            if (parsed.GetValue(noWait))
            {
                await parsed.InvocationConfiguration.Output.WriteLineAsync(follow.Created(parsed, batch));
                return ExitCodes.Done;
            }

            await parsed.InvocationConfiguration.Error.WriteLineAsync($"Created batch {batch.Id} from {input.Name}.");
            return await new BatchFollow(client, environment, parsed, follow, service.Again(parsed)).ToEndAsync(batch.Id, ct);
        });
        return run;
    }

    private static async Task<string> UploadAsync(
        ApiClient client, ParseResult parsed, InputFile input, bool inParts, bool quiet, CommandEnvironment environment, CancellationToken ct)
    {
        try
        {
            return await ProgressDisplays.AroundAsync(parsed, quiet, environment.Time, display =>
            {
                var pace = new Pace(environment.Time);
                void Sent(long done)
                {
                    pace.Note(done);
                    display.Show(ProgressNotes.OfBytes("upload", done, input.Length, pace));
                }

                Sent(0);
                return inParts
                    ? InputUpload.InPartsAsync(client, input, environment.PartBytes, Sent, ct)
                    : InputUpload.WholeAsync(client, input, Sent, ct);
            });
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            await parsed.InvocationConfiguration.Error.WriteLineAsync("The upload was interrupted; no batch was created.");
            throw;
        }
    }

    private static async Task<Batch> MakeAsync(ApiClient client, ParseResult parsed, BatchRequest request, CancellationToken ct)
    {
        try
        {
            return await BatchCreation.CreateAsync(client, request, ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            await parsed.InvocationConfiguration.Error.WriteLineAsync(
                "Interrupted while the batch was being created: `batch list` shows whether it exists.");
            throw;
        }
    }
}
