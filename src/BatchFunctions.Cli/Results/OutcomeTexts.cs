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
        yield return Outcome(batch);
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

    private static string Outcome(Batch batch)
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
            "expired" => $"Batch {batch.Id} has expired{ended}. Run the others again.",
            _ => $"Batch {batch.Id} was cancelled{ended}.",
        };
    }
}
