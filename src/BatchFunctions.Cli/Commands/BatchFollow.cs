using System.CommandLine;
using BatchFunctions.Cli.Api;
using BatchFunctions.Cli.Results;
using BatchFunctions.Cli.Terminal;
using BatchFunctions.Cli.Waiting;

namespace BatchFunctions.Cli.Commands;

/// <summary>Follows a batch to its end: waits, downloads the results, and prints how it ended.</summary>
/// <param name="client">The service.</param>
/// <param name="environment">What the commands use of their surroundings.</param>
/// <param name="parsed">The parsed command line.</param>
/// <param name="options">The command's options.</param>
/// <param name="service">The options with which a further command reaches the same service.</param>
internal sealed class BatchFollow(
    ApiClient client, CommandEnvironment environment, ParseResult parsed, FollowOptions options, string service)
{
    private readonly ResultPlaces _places = options.Places(parsed);
    private readonly TextWriter _said = parsed.InvocationConfiguration.Error;

    /// <summary>Waits until the batch has ended, downloads its results, and prints how it ended.</summary>
    /// <returns>The exit code for the way in which the batch ended.</returns>
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

    /// <summary>Downloads the results of a batch that has ended, and prints how it ended.</summary>
    /// <returns>The exit code for the way in which the batch ended.</returns>
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
