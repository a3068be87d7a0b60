using BatchFunctions.Cli.Api;
using BatchFunctions.Cli.Terminal;
using BatchFunctions.Cli.Waiting;

namespace BatchFunctions.Cli.Results;

/// <summary>Downloads the results of a batch: its output and its error file.</summary>
internal sealed class BatchResults(ApiClient client, CommandEnvironment environment)
{
    private const string Results = "results";

    /// <summary>
    /// Downloads what there is. If no line succeeded, the output is still written to its file, empty: results of an
    /// earlier batch must not be mistaken for this one's. The error file is written only if there is one. A batch that
    /// failed has results only if lines had been sent by then.
    /// </summary>
    /// <returns>The lines that have come: of a batch that runs, those that there are so far.</returns>
    public async Task<FetchedLines> FetchAsync(Batch batch, ResultPlaces places, IProgressDisplay display, CancellationToken ct)
    {
        if (batch is { Status: "failed", HasResults: false })
        {
            return new FetchedLines(null, null);
        }

        var output = await FetchOutputAsync(batch.OutputFileId, places.Output, display, ct);
        return new FetchedLines(output, batch.ErrorFileId is not null && places.Errors is { } errors
            ? await FetchAsync(batch.ErrorFileId, errors, "errors", display, ct)
            : null);
    }

    private async Task<long?> FetchOutputAsync(string? id, string? place, IProgressDisplay display, CancellationToken ct)
    {
        if (place != ResultPlaces.StandardOutput)
        {
            return place is null ? null : await FetchAsync(id, place, Results, display, ct);
        }

        await using var output = environment.StandardOutput();
        return await CopyAsync(id, output, Results, display, ct);
    }

    private async Task<long> FetchAsync(string? id, string path, string label, IProgressDisplay display, CancellationToken ct)
    {
        await using var file = ResultFile.Create(path);
        var lines = await CopyAsync(id, file.Stream, label, display, ct);
        await file.CompleteAsync();
        return lines;
    }

    private async Task<long> CopyAsync(string? id, Stream to, string label, IProgressDisplay display, CancellationToken ct)
    {
        if (id is null)
        {
            return 0;
        }

        var pace = new Pace(environment.Time);
        var download = new FileDownload(client, id);
        await download.CopyAsync(
            to,
            (done, total) =>
            {
                pace.Note(done);
                display.Show(ProgressNotes.OfBytes(label, done, total, pace));
            },
            ct);
        return download.Lines;
    }
}
