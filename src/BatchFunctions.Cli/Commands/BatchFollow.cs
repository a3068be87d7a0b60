using System.CommandLine;
using BatchFunctions.Cli.Api;
using BatchFunctions.Cli.Results;
using BatchFunctions.Cli.Retry;
using BatchFunctions.Cli.Terminal;
using BatchFunctions.Cli.Waiting;

namespace BatchFunctions.Cli.Commands;

/// <summary>Follows a batch to its end: waits, downloads the results (in the end, or as they come), and prints how it ended.</summary>
/// <param name="client">The service.</param>
/// <param name="environment">What the commands use of their surroundings.</param>
/// <param name="parsed">The parsed command line.</param>
/// <param name="options">The command's options.</param>
/// <param name="service">The options with which a further command reaches the same service.</param>
internal sealed class BatchFollow(
    ApiClient client, CommandEnvironment environment, ParseResult parsed, FollowOptions options, string service)
{
    private const int NotFound = 404;

    private readonly ResultPlaces _places = options.Places(parsed);
    private readonly TextWriter _said = parsed.InvocationConfiguration.Error;

    /// <summary>Waits until the batch has ended, downloads its results, and prints how it ended.</summary>
    /// <returns>The exit code for the way in which the batch ended.</returns>
    public async Task<int> ToEndAsync(string id, CancellationToken ct) =>
        await ReportAsync(await ToEndAsync(id, (ended, display) => FetchAsync(ended, display, ct), HowToGoOn(id), HowToFetch(id), ct));

    /// <summary>Waits until a retry has ended, merges its results with those of the batches that it belongs to, and prints how it ended.</summary>
    /// <returns>The exit code: what is left over after all of them.</returns>
    public async Task<int> ToMergedEndAsync(string id, CancellationToken ct)
    {
        var merge = $"`batch results {id} --merged{options.Again(parsed)}{service}`";
        MergedCounts? merged = null;
        var ended = await ToEndAsync(
            id,
            async (ended, display) => merged = await MergeAsync(ended, display, ct),
            $"`batch wait {id}{service}` resumes waiting, and then {merge} merges the results; `batch cancel {id}{service}` stops it.",
            $"Batch {id} has ended. {merge} merges its results with those before.",
            ct);
        return await ReportMergedAsync(ended, merged);
    }

    /// <summary>Merges the results of all batches that an ended one belongs to, and prints what they come to.</summary>
    /// <returns>The exit code: what is left over after all of them.</returns>
    public async Task<int> MergeAsync(Batch ended, CancellationToken ct)
    {
        MergedCounts? merged = null;
        await ShownAsync(async display => merged = await MergeAsync(ended, display, ct));
        return await ReportMergedAsync(ended, merged);
    }

    private async Task<MergedCounts?> MergeAsync(Batch ended, IProgressDisplay display, CancellationToken ct) => _places.Output is { } place
        ? await new MergedResults(client, environment).FetchAsync(await BatchFamily.OfAsync(client, ended, ct), place, display, ct)
        : null;

    private async Task<int> ReportMergedAsync(Batch ended, MergedCounts? merged)
    {
        foreach (var line in OutcomeTexts.OfMerged(ended, _places, merged, service))
        {
            await _said.WriteLineAsync(line);
        }

        await PrintAsync(ended);
        return merged is { } counts ? counts.ExitCode : ended.ExitCode;
    }

    private async Task<Batch> ToEndAsync(
        string id, Func<Batch, IProgressDisplay, Task> fetch, string howToGoOn, string howToFetch, CancellationToken ct)
    {
        Batch? ended = null;
        await ToldHowToGoOnAsync(
            id,
            () => ShownAsync(async display =>
            {
                ended = await WaitAsync(id, display, _ => Task.FromResult(false), ct);
                await fetch(ended, display);
            }),
            () => ended,
            howToGoOn,
            howToFetch,
            ct);
        return ended!;
    }

    /// <summary>Writes the results of a batch as they come until it has ended, and prints how it ended.</summary>
    /// <returns>The exit code for the way in which the batch ended.</returns>
    public async Task<int> AlongAsync(string id, CancellationToken ct)
    {
        await _places.CheckAsync();
        Batch? last = null;
        await using var results = new FollowedResults(client, environment, _places);
        await ToldHowToGoOnAsync(
            id,
            () => ShownAsync(
                display => WaitAsync(id, display, batch => results.CopyNewAsync(last = batch, ct), ct),
                isQuiet: _places.Output == ResultPlaces.StandardOutput),
            () => last,
            HowToFollow(id),
            HowToFetch(id),
            ct);
        return await ReportAsync(last!);
    }

    /// <summary>Downloads the results of a batch that has ended, and prints how it ended.</summary>
    /// <returns>The exit code for the way in which the batch ended.</returns>
    public async Task<int> FetchAsync(Batch ended, CancellationToken ct)
    {
        await ShownAsync(display => FetchAsync(ended, display, ct));
        return await ReportAsync(ended);
    }

    /// <summary>Downloads the results that a running batch has so far, and says that there will be more.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> FetchSoFarAsync(Batch running, CancellationToken ct)
    {
        FetchedLines? lines = null;
        await ShownAsync(async display => lines = await FetchAsync(running, display, ct));
        await _said.WriteLineAsync(OutcomeTexts.SoFar(running, lines!, FollowCommand(running.Id)));
        await PrintAsync(running);
        return ExitCodes.SoFar;
    }

    /// <param name="work">What shows its progress.</param>
    /// <param name="isQuiet">Whether to show none, whatever the options say: lines on a terminal and a bar do not mix.</param>
    private async Task ShownAsync(Func<IProgressDisplay, Task> work, bool isQuiet = false) =>
        await ProgressDisplays.AroundAsync(parsed, isQuiet || options.IsQuiet(parsed), environment.Time, async display =>
        {
            await work(display);
            return true;
        });

    private async Task<Batch> WaitAsync(string id, IProgressDisplay display, Func<Batch, Task<bool>> seen, CancellationToken ct)
    {
        var pace = new BatchPace(client, environment.Time);
        var last = new ProgressNote("waiting", Fraction: null, "");
        return await new BatchWatch(client, environment.Poll, environment.Time).UntilEndedAsync(
            id,
            async batch =>
            {
                var gait = await pace.OfAsync(batch, ct);
                display.Show(last = ProgressNotes.Of(batch, gait, environment.Time.GetUtcNow()));
                return await seen(batch);
            },
            silence => display.Show(ProgressNotes.Unanswered(last, silence)),
            ct);
    }

    private Task<FetchedLines> FetchAsync(Batch batch, IProgressDisplay display, CancellationToken ct) =>
        new BatchResults(client, environment).FetchAsync(batch, _places, display, ct);

    private async Task<int> ReportAsync(Batch ended)
    {
        foreach (var line in OutcomeTexts.Of(ended, _places, service))
        {
            await _said.WriteLineAsync(line);
        }

        await PrintAsync(ended);
        return ended.ExitCode;
    }

    private async Task PrintAsync(Batch batch)
    {
        if (options.AsJson(parsed))
        {
            await parsed.InvocationConfiguration.Output.WriteLineAsync(JsonTexts.Lines(batch.Json));
        }
    }

    /// <summary>
    /// Waits for a batch. Whatever ends that early, a full disk for instance, is told with how to go on: the batch is paid for, and its results are
    /// still at the service. Of a batch that is not there nothing goes on.
    /// </summary>
    /// <param name="id">The batch.</param>
    /// <param name="wait">Waits, and writes its results.</param>
    /// <param name="known">The batch as it was last seen; null before that.</param>
    /// <param name="howToGoOn">The remedy while it runs.</param>
    /// <param name="howToFetch">The same once it has ended.</param>
    /// <param name="ct">Ends the waiting.</param>
    private async Task ToldHowToGoOnAsync(
        string id, Func<Task> wait, Func<Batch?> known, string howToGoOn, string howToFetch, CancellationToken ct)
    {
        try
        {
            await wait();
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            await _said.WriteLineAsync(known() is { HasEnded: true } ? howToFetch : $"Batch {id} keeps running. {howToGoOn}");
            throw;
        }
        catch (ApiException e)
        {
            throw new FailureException(e.Status == NotFound && known() is null ? e.Message : $"{e.Message} {Remedy()}", ExitCodes.Refused, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FailureException($"The results cannot be written: {e.Message.TrimEnd('.')}. {Remedy()}", ExitCodes.LocalFile, e);
        }

        string Remedy() => known() is { HasEnded: true } ? howToFetch : howToGoOn;
    }

    private string HowToGoOn(string id) =>
        $"`batch wait {id}{options.Again(parsed)}{service}` resumes waiting; `batch cancel {id}{service}` stops it.";

    private string HowToFollow(string id) =>
        $"`{FollowCommand(id)}` begins anew and follows it to its end; `batch cancel {id}{service}` stops it.";

    private string FollowCommand(string id) => $"batch results {id} --follow{options.Again(parsed)}{service}";

    private string HowToFetch(string id) => $"Batch {id} has ended. `batch results {id}{options.Again(parsed)}{service}` downloads its results.";
}
