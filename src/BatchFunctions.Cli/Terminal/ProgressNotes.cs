using BatchFunctions.Cli.Api;
using BatchFunctions.Cli.Waiting;

namespace BatchFunctions.Cli.Terminal;

/// <summary>The progress notes for uploading, waiting and downloading.</summary>
internal static class ProgressNotes
{
    private const string Gap = "  ";

    /// <summary>A batch's status, counts, pace and time left: <c>1,234/50,000  210/s  3 min left  12 failed</c>.</summary>
    public static ProgressNote Of(Batch batch, Pace pace)
    {
        if (batch.RequestCounts is not { Total: > 0 } counts)
        {
            return new ProgressNote(batch.Status, Fraction: null, "");
        }

        var moves = batch.Status == "in_progress";
        return new ProgressNote(
            batch.Status,
            (double)counts.Done / counts.Total,
            Joined(
                $"{Texts.Count(counts.Done)}/{Texts.Count(counts.Total)}",
                moves && pace.PerSecond is { } perSecond ? Texts.Pace(perSecond) : null,
                moves && counts.Done < counts.Total && pace.Left(counts.Total - counts.Done) is { } left ? $"{Texts.Rough(left)} left" : null,
                counts.Failed > 0 ? $"{Texts.Count(counts.Failed)} failed" : null));
    }

    /// <summary>Bytes transferred: <c>12.3 MB of 48.0 MB  8.1 MB/s  4 s left</c>.</summary>
    public static ProgressNote OfBytes(string label, long done, long? total, Pace pace) =>
        new(
            label,
            total is > 0 ? (double)done / total.Value : null,
            Joined(
                total is null ? Texts.Bytes(done) : $"{Texts.Bytes(done)} of {Texts.Bytes(total.Value)}",
                pace.PerSecond is { } perSecond ? $"{Texts.Bytes(perSecond)}/s" : null,
                total > done && pace.Left(total.Value - done) is { } left ? $"{Texts.Rough(left)} left" : null));

    /// <summary>The service does not answer; the batch may well go on meanwhile.</summary>
    public static ProgressNote Unanswered(ProgressNote last, TimeSpan silence) =>
        last with { Detail = $"no answer from the service for {Texts.Rough(silence)}; retrying" };

    private static string Joined(params string?[] parts) => string.Join(Gap, parts.Where(part => part is not null));
}
