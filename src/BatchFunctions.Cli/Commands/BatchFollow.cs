using System.CommandLine;
using BatchFunctions.Cli.Api;
using BatchFunctions.Cli.Results;
using BatchFunctions.Cli.Terminal;
using BatchFunctions.Cli.Waiting;

namespace BatchFunctions.Cli.Commands;

/// <summary>Stays with a batch to its end: waits, downloads, and says how it went.</summary>
/// <param name="client">The service.</param>
/// <param name="environment">What is taken from around.</param>
/// <param name="parsed">The command line.</param>
/// <param name="options">What it was told.</param>
/// <param name="service">What a further command needs to speak to the same service.</param>
internal sealed class BatchFollow(
    ApiClient client, CommandEnvironment environment, ParseResult parsed, FollowOptions options, string service)
{
    private readonly ResultPlaces _places = options.Places(parsed);
    private readonly TextWriter _said = parsed.InvocationConfiguration.Error;

    /// <summary>Waits for the end, and does what follows it.</summary>
    /// <returns>The exit code that tells how the batch went.</returns>
    public async Task<int> ToEndAsync(string id, CancellationToken ct)
    {
        Batch? ended = null;
        try
        {
            await ShownAsync(async display =>
            {
                ended = await WaitAsync(id, display, ct);
                await FetchAsync(ended, display, ct);
            });
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            await _said.WriteLineAsync(ended is null ? $"Batch {id} keeps running. {HowToGoOn(id)}" : HowToFetch(id));
            throw;
        }
        catch (ApiException e)
        {
            throw new FailureException($"{e.Message} {(ended is null ? HowToGoOn(id) : HowToFetch(id))}", ExitCodes.Refused, e);
        }

        return await ReportAsync(ended!);
    }

    /// <summary>Downloads the results of a batch that has ended, and says how it went.</summary>
    /// <returns>The exit code that tells how the batch went.</returns>
    public async Task<int> FetchAsync(Batch ended, CancellationToken ct)
    {
        await ShownAsync(display => FetchAsync(ended, display, ct));
        return await ReportAsync(ended);
    }

    private async Task ShownAsync(Func<IProgressDisplay, Task> work) =>
        await ProgressDisplays.AroundAsync(parsed, options.IsQuiet(parsed), environment.Time, async display =>
        {
            await work(display);
            return true;
        });

    private async Task<Batch> WaitAsync(string id, IProgressDisplay display, CancellationToken ct)
    {
        var pace = new Pace(environment.Time);
        var last = new ProgressNote("waiting", Fraction: null, "");
        return await new BatchWatch(client, environment.Poll, environment.Time).UntilEndedAsync(
            id,
            batch =>
            {
                if (batch.RequestCounts is { Total: > 0 } counts)
                {
                    pace.Note(counts.Done);
                }

                display.Show(last = ProgressNotes.Of(batch, pace));
            },
            silence => display.Show(ProgressNotes.Unanswered(last, silence)),
            ct);
    }

    private Task FetchAsync(Batch ended, IProgressDisplay display, CancellationToken ct) =>
        new BatchResults(client, environment).FetchAsync(ended, _places, display, ct);

    private async Task<int> ReportAsync(Batch ended)
    {
        foreach (var line in OutcomeTexts.Of(ended, _places, service))
        {
            await _said.WriteLineAsync(line);
        }

        if (options.AsJson(parsed))
        {
            await parsed.InvocationConfiguration.Output.WriteLineAsync(JsonTexts.Lines(ended.Json));
        }

        return ended.ExitCode;
    }

    private string HowToGoOn(string id) =>
        $"`batch wait {id}{options.Again(parsed)}{service}` resumes waiting; `batch cancel {id}{service}` stops it.";

    private string HowToFetch(string id) => $"Batch {id} has ended. `batch results {id}{options.Again(parsed)}{service}` downloads its results.";
}
