using BatchFunctions.Cli.Api;
using BatchFunctions.Cli.Waiting;

namespace BatchFunctions.Cli.Terminal;

/// <summary>The progress notes for uploading, waiting and downloading.</summary>
internal static class ProgressNotes
{
    private const string Gap = "  ";

    /// <summary>
    /// A batch's status, counts, pace and time left: <c>1,234/50,000  210/s  3 min left  12 failed</c>; or that nothing comes:
    /// <c>1,234/50,000  nothing for 5 min (since 14:03)</c>. Where neither is known, neither is told.
    /// </summary>
    public static ProgressNote Of(Batch batch, BatchGait gait, DateTimeOffset now)
    {
        if (batch.RequestCounts is not { Total: > 0 } counts)
        {
            return new ProgressNote(batch.Status, Fraction: null, "");
        }

        return new ProgressNote(
            batch.Status,
            (double)counts.Done / counts.Total,
            Joined(
                $"{Texts.Count(counts.Done)}/{Texts.Count(counts.Total)}",
                GaitOf(gait, now),
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

    /// <summary>How a batch gets on, as far as it is known; null where it is not.</summary>
    public static string? GaitOf(BatchGait gait, DateTimeOffset now)
    {
        var (perSecond, left, _) = gait.Estimate;
        var text = Joined(
            perSecond is { } pace ? Texts.Pace(pace) : null,
            left is { } rest ? $"{Texts.Rough(rest)} left" : null,
            Standing(gait, now));
        return text.Length > 0 ? text : null;
    }

    private static string? Standing(BatchGait gait, DateTimeOffset now) =>
        gait.Away is { } away ? $"the upstream is away since {Texts.Clock(DateTimeOffset.FromUnixTimeSeconds(away.AwaySince!.Value))} ({away.Reason})"
        : gait.Estimate.StalledSince is { } since ? $"nothing for {Texts.Rough(now - since)} (since {Texts.Clock(since)})"
        : null;

    private static string Joined(params string?[] parts) => string.Join(Gap, parts.Where(part => part is not null));
}
