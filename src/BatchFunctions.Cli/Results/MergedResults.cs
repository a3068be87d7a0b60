using BatchFunctions.Cli.Api;
using BatchFunctions.Cli.Terminal;
using BatchFunctions.Lines;

namespace BatchFunctions.Cli.Results;

/// <summary>
/// Merges the results of a batch and its retries into one file: each <c>custom_id</c> once, with its latest answer. A line that has
/// succeeded anywhere is not asked for again, so outputs come first, and errors behind them. What is held is a digest of each id, and
/// the longest line.
/// </summary>
internal sealed class MergedResults(ApiClient client, CommandEnvironment environment)
{
    private readonly DigestSet _seen = new();
    private readonly Scratch _scratch = new();
    private static readonly byte[] LineEnd = [(byte)'\n'];

    private long _lines;
    private long _failed;

    /// <summary>Downloads the results of all batches.</summary>
    /// <param name="batches">The batches, the latest first.</param>
    /// <param name="place">A file, or standard output.</param>
    /// <param name="display">Shows the progress.</param>
    /// <param name="ct">Ends the download.</param>
    /// <exception cref="FailureException">A file has lines that are no results.</exception>
    public async Task<MergedCounts> FetchAsync(IReadOnlyList<Batch> batches, string place, IProgressDisplay display, CancellationToken ct)
    {
        var files = new RemoteFile(client, environment, display);
        if (place == ResultPlaces.StandardOutput)
        {
            await using var output = environment.StandardOutput();
            await MergeAsync(batches, files, output, ct);
        }
        else
        {
            await using var file = ResultFile.Create(place);
            await using (var buffered = new BufferedStream(file.Stream, 128 * 1024))
            {
                await MergeAsync(batches, files, buffered, ct);
            }

            await file.CompleteAsync();
        }

        return new MergedCounts(batches.Count, _lines, _failed);
    }

    private async Task MergeAsync(IReadOnlyList<Batch> batches, RemoteFile files, Stream output, CancellationToken ct)
    {
        foreach (var id in batches.Select(batch => batch.OutputFileId).OfType<string>())
        {
            await files.ReadAsync(id, "results", content => TakeAsync(id, content, output, hasFailed: false, ct), ct);
        }

        foreach (var id in batches.Select(batch => batch.ErrorFileId).OfType<string>())
        {
            await files.ReadAsync(id, "errors", content => TakeAsync(id, content, output, hasFailed: true, ct), ct);
        }
    }

    private async Task TakeAsync(string id, Stream content, Stream output, bool hasFailed, CancellationToken ct)
    {
        using var reader = new LineReader(content, Array.MaxLength);
        while (await reader.ReadAsync(ct))
        {
            if (!IsFirst(id, reader))
            {
                continue;
            }

            await output.WriteAsync(reader.Line, ct);
            await output.WriteAsync(LineEnd, ct);
            _lines++;
            _failed += hasFailed ? 1 : 0;
        }
    }

    private bool IsFirst(string id, LineReader reader) => ResultLine.TryRead(reader.Line.Span, _scratch, out var customId, out _)
        ? _seen.Add(customId)
        : throw new FailureException(
            $"Line {reader.Number} of the file {id} is no result of a batch: download the files by themselves with `batch results`.", ExitCodes.Refused);
}

/// <summary>What results of several batches come to.</summary>
/// <param name="Batches">The batches.</param>
/// <param name="Lines">The lines, each once.</param>
/// <param name="Failed">Those of them that have not succeeded in any batch.</param>
internal readonly record struct MergedCounts(long Batches, long Lines, long Failed)
{
    /// <summary>The exit code for what is left over.</summary>
    public int ExitCode => Failed > 0 ? ExitCodes.LinesFailed : ExitCodes.Done;
}
