using BatchFunctions.Cli.Api;
using BatchFunctions.Cli.Input;
using BatchFunctions.Cli.Results;
using BatchFunctions.Cli.Terminal;
using BatchFunctions.Lines;

namespace BatchFunctions.Cli.Retry;

/// <summary>
/// Does what a service does not that has no retry: finds the lines that a batch has left over, in its input and by its results, and
/// makes a batch of them.
/// </summary>
internal sealed class LeftOverLines(ApiClient client, CommandEnvironment environment, IProgressDisplay display)
{
    private const int LongestLine = 64 * 1024 * 1024;
    private const int MostPairs = 16;

    private static readonly byte[] LineEnd = [(byte)'\n'];

    /// <summary>Makes the batch.</summary>
    /// <param name="original">A batch that has ended.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="ct">Cancels the operation.</param>
    /// <exception cref="FailureException">There is nothing left over, or it cannot be found any more.</exception>
    public async Task<Batch> RunAsync(Batch original, RetryRequest request, CancellationToken ct)
    {
        if (original is not { InputFileId: { } input, Endpoint: { } endpoint })
        {
            throw new FailureException($"The service does not say what batch {original.Id} was made of.", ExitCodes.Refused);
        }

        var choice = await ChoiceAsync(original, request, ct);
        var file = new FileInfo(Path.Combine(Path.GetTempPath(), $"{original.Id}_retry_{Path.GetRandomFileName()}.jsonl"));
        try
        {
            var lines = await CopyAsync(input, file, choice, ct);
            if (lines == 0)
            {
                throw new FailureException(
                    request.Only is null ? $"Batch {original.Id} has no line left over." : $"No line of batch {original.Id} ended in one of these ways.",
                    ExitCodes.Refused);
            }

            using var opened = InputFile.Open(file);
            var uploaded = await InputUpload.WholeAsync(client, opened, _ => { }, ct);
            return await BatchCreation.CreateAsync(
                client,
                new BatchRequest(uploaded, endpoint, request.CompletionWindow ?? "24h", MetadataOf(original)),
                ct);
        }
        finally
        {
            file.Delete();
        }
    }

    private async Task<RetryChoice> ChoiceAsync(Batch original, RetryRequest request, CancellationToken ct)
    {
        // Not every service names the lines that it has not sent.
        var choice = new RetryChoice(request.Only ?? [], $"batch_{original.Status}");
        var files = new RemoteFile(client, environment, display);
        try
        {
            if (original.ErrorFileId is { } errors)
            {
                await files.ReadAsync(errors, "errors", content => choice.ReadErrorsAsync(content, null, ct), ct);
            }

            if (choice.NeedsOutput && original.OutputFileId is { } output)
            {
                await files.ReadAsync(output, "results", content => choice.ReadOutputAsync(content, null, ct), ct);
            }
        }
        catch (InvalidDataException e)
        {
            throw new FailureException($"The results of batch {original.Id} cannot be read: {e.Message}", ExitCodes.Refused, e);
        }

        return choice;
    }

    private async Task<int> CopyAsync(string input, FileInfo file, RetryChoice choice, CancellationToken ct)
    {
        var lines = 0;
        await using var copy = new FileStream(file.FullName, FileMode.CreateNew, FileAccess.Write, FileShare.None, 128 * 1024, useAsync: true);
        await new RemoteFile(client, environment, display).ReadAsync(
            input,
            "requests",
            async content => lines = await choice.ChooseAsync(
                content,
                LongestLine,
                null,
                async line =>
                {
                    await copy.WriteAsync(line, ct);
                    await copy.WriteAsync(LineEnd, ct);
                },
                ct),
            ct);
        return lines;
    }

    private static Dictionary<string, string> MetadataOf(Batch original)
    {
        var metadata = new Dictionary<string, string>(original.Metadata ?? [], StringComparer.Ordinal);
        if (metadata.Count < MostPairs || metadata.ContainsKey(Batch.RetryKey))
        {
            metadata[Batch.RetryKey] = original.Id;
        }

        return metadata;
    }
}
