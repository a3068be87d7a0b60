using BatchFunctions.Cli.Api;
using BatchFunctions.Cli.Terminal;

namespace BatchFunctions.Cli.Results;

/// <summary>Describes how a batch ended, where its results are, and what to do next.</summary>
internal static class OutcomeTexts
{
    /// <summary>The lines to print.</summary>
    /// <param name="batch">A batch that has ended.</param>
    /// <param name="places">Where its results went.</param>
    /// <param name="service">The options with which a further command reaches the same service.</param>
    public static IEnumerable<string> Of(Batch batch, ResultPlaces places, string service)
    {
        yield return Outcome(batch, service);
        foreach (var error in batch.Errors?.Data ?? [])
        {
            yield return $"  {BatchErrorTexts.Line(error)}";
        }

        if (batch is { Status: "failed", HasResults: false })
        {
            yield break;
        }

        if (places.HasOutputFile)
        {
            yield return $"Results: {places.Output}{(batch.OutputFileId is null ? " (empty: no line succeeded)" : "")}";
        }

        if (batch.ErrorFileId is not null && places.Errors is not null)
        {
            yield return $"Errors: {places.Errors}";
        }

        if (places.Output is null && batch.OutputFileId is not null)
        {
            yield return $"`batch results {batch.Id} -o results.jsonl{service}` downloads the results.";
        }
        else if (places.Errors is null && batch.ErrorFileId is not null)
        {
            yield return $"`batch results {batch.Id} -o results.jsonl{service}` downloads the failed lines too.";
        }
    }

    /// <summary>The lines to print of a retry, or of a batch with its retries.</summary>
    /// <param name="batch">A batch that has ended.</param>
    /// <param name="places">Where the results went.</param>
    /// <param name="merged">What was merged; null if nothing was downloaded.</param>
    /// <param name="service">The options with which a further command reaches the same service.</param>
    public static IEnumerable<string> OfMerged(Batch batch, ResultPlaces places, MergedCounts? merged, string service)
    {
        yield return Outcome(batch, service);
        foreach (var error in batch.Errors?.Data ?? [])
        {
            yield return $"  {BatchErrorTexts.Line(error)}";
        }

        if (merged is not { } counts)
        {
            yield return $"`batch results {batch.Id} --merged -o results.jsonl{service}` downloads all results, with those of the batches before.";
            yield break;
        }

        var left = counts.Failed == 0 ? "all of them succeeded" : $"{Texts.Count(counts.Failed)} failed";
        yield return $"{(places.HasOutputFile ? $"Results: {places.Output}: " : "")}{Texts.Count(counts.Lines)} lines of {Texts.Count(counts.Batches)} batches, each once; {left}.";
        if (counts.Failed > 0)
        {
            yield return $"`batch retry {batch.Id}{service}` sends what is left once more.";
        }
    }

    /// <summary>What of a batch that still runs was downloaded.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="lines">The lines that have come.</param>
    /// <param name="follow">The command that goes on.</param>
    public static string SoFar(Batch batch, FetchedLines lines, string follow)
    {
        var came = string.Join(" and ", new[]
        {
            lines.Output is { } output ? $"{Texts.Count(output)} {(output == 1 ? "result" : "results")}" : null,
            lines.Errors is { } errors ? $"{Texts.Count(errors)} failed {(errors == 1 ? "line" : "lines")}" : null,
        }.Where(part => part is not null));
        var of = batch.RequestCounts is { Total: > 0 } counts ? $" of {Texts.Count(counts.Total)} lines" : "";
        return $"Incomplete: batch {batch.Id} is {batch.Status}. This is what there is so far: {came}{of}. `{follow}` writes the others as they come.";
    }

    private static string Outcome(Batch batch, string service)
    {
        var counts = batch.RequestCounts;
        var took = batch.EndedAt - batch.CreatedAt is { } seconds ? $", {Texts.Duration(TimeSpan.FromSeconds(seconds))}" : "";
        var ended = counts is null ? "" : $": {Texts.Count(counts.Done)} of {Texts.Count(counts.Total)} lines were answered";
        return batch.Status switch
        {
            "completed" when counts is null => $"Batch {batch.Id} has completed{took}.",
            "completed" => $"Batch {batch.Id} has completed: {Texts.Count(counts.Total)} lines, {(counts.Failed == 0 ? "none" : Texts.Count(counts.Failed))} failed{took}.",
            "failed" when batch.HasResults => $"Batch {batch.Id} failed{ended}. The reason:",
            "failed" when batch.Errors?.Data is { Count: > 0 } => $"Batch {batch.Id} failed. Correct these errors and run it again:",
            "failed" => $"Batch {batch.Id} failed, and the service gives no reason.",
            "expired" => $"Batch {batch.Id} has expired{ended}. `batch retry {batch.Id}{service}` sends the others.",
            _ => $"Batch {batch.Id} was cancelled{ended}.",
        };
    }
}
