using System.IO.Pipelines;
using BatchFunctions.Cli.Api;
using BatchFunctions.Cli.Terminal;
using BatchFunctions.Cli.Waiting;

namespace BatchFunctions.Cli.Results;

/// <summary>Files of the service that are read here as they come, and not kept.</summary>
internal sealed class RemoteFile(ApiClient client, CommandEnvironment environment, IProgressDisplay display)
{
    /// <summary>Reads a file.</summary>
    /// <param name="id">The file's id.</param>
    /// <param name="label">What it is, for the progress.</param>
    /// <param name="read">Reads its content.</param>
    /// <param name="ct">Ends the download.</param>
    public async Task ReadAsync(string id, string label, Func<Stream, Task> read, CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var pipe = new Pipe();
        var filling = FillAsync(pipe.Writer, id, label, stop.Token);
        try
        {
            await using var content = pipe.Reader.AsStream();
            await read(content);
        }
        catch
        {
            await stop.CancelAsync();
            await filling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }

        await filling;
    }

    private async Task FillAsync(PipeWriter writer, string id, string label, CancellationToken ct)
    {
        var pace = new Pace(environment.Time);
        try
        {
            await new FileDownload(client, id).CopyAsync(
                writer.AsStream(leaveOpen: true),
                (done, total) =>
                {
                    pace.Note(done);
                    display.Show(ProgressNotes.OfBytes(label, done, total, pace));
                },
                ct);
            await writer.CompleteAsync();
        }
        catch (Exception e)
        {
            // Who reads meets it.
            await writer.CompleteAsync(e);
            throw;
        }
    }
}
