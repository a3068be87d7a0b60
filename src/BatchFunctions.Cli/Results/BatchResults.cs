using BatchFunctions.Cli.Api;
using BatchFunctions.Cli.Terminal;
using BatchFunctions.Cli.Waiting;

namespace BatchFunctions.Cli.Results;

/// <summary>Downloads the results of a batch: its output and its error file.</summary>
internal sealed class BatchResults(ApiClient client, CommandEnvironment environment)
{
    /// <summary>
    /// Downloads what there is. If no line succeeded, the output is still written to its file, empty: results of an
    /// earlier batch must not be mistaken for this one's. The error file is written only if there is one. A batch that
    /// failed has results only if lines had been sent by then.
    /// </summary>
    public async Task FetchAsync(Batch batch, ResultPlaces places, IProgressDisplay display, CancellationToken ct)
    {
        if (batch is { Status: "failed", HasResults: false })
        {
            return;
        }

        if (places.Output == ResultPlaces.StandardOutput)
        {
            await using var output = environment.StandardOutput();
            await CopyAsync(batch.OutputFileId, output, "results", display, ct);
        }
        else if (places.Output is { } path)
        {
            await FetchAsync(batch.OutputFileId, path, "results", display, ct);
        }

        if (batch.ErrorFileId is not null && places.Errors is { } errors)
        {
            await FetchAsync(batch.ErrorFileId, errors, "errors", display, ct);
        }
    }

    private async Task FetchAsync(string? id, string path, string label, IProgressDisplay display, CancellationToken ct)
    {
        await using var file = ResultFile.Create(path);
        await CopyAsync(id, file.Stream, label, display, ct);
        await file.CompleteAsync();
    }

    private async Task CopyAsync(string? id, Stream to, string label, IProgressDisplay display, CancellationToken ct)
    {
        if (id is null)
        {
            return;
        }

        var pace = new Pace(environment.Time);
        await FileDownload.CopyAsync(
            client,
            id,
            to,
            (done, total) =>
            {
                pace.Note(done);
                display.Show(ProgressNotes.OfBytes(label, done, total, pace));
            },
            ct);
    }
}
