using BatchFunctions.Batches;
using BatchFunctions.Lines;

namespace BatchFunctions.Metering;

/// <summary>What batches that have ended come to.</summary>
/// <param name="Completed">Batches that ended <c>completed</c>.</param>
/// <param name="Failed">Batches that ended <c>failed</c>.</param>
/// <param name="Expired">Batches that ended <c>expired</c>.</param>
/// <param name="Cancelled">Batches that ended <c>cancelled</c>.</param>
/// <param name="Lines">Their lines.</param>
/// <param name="LinesCompleted">Lines that succeeded.</param>
/// <param name="LinesFailed">Lines that failed; the others never ran.</param>
/// <param name="Tokens">The tokens of all lines together.</param>
/// <param name="Seconds">From the making of each batch to its end, in whole seconds.</param>
/// <param name="Failures">The lines that failed, by kind.</param>
internal sealed record UsageSum(
    long Completed,
    long Failed,
    long Expired,
    long Cancelled,
    long Lines,
    long LinesCompleted,
    long LinesFailed,
    TokenUsage Tokens,
    long Seconds,
    FailureKinds Failures)
{
    /// <summary>Nothing.</summary>
    public static UsageSum None { get; } = new(0, 0, 0, 0, 0, 0, 0, default, 0, FailureKinds.None);

    /// <summary>All batches.</summary>
    public long Batches => Completed + Failed + Expired + Cancelled;

    /// <summary>What a batch comes to that has ended.</summary>
    public static UsageSum Of(Batch ended) => new(
        ended.Status == BatchStatus.Completed ? 1 : 0,
        ended.Status == BatchStatus.Failed ? 1 : 0,
        ended.Status == BatchStatus.Expired ? 1 : 0,
        ended.Status == BatchStatus.Cancelled ? 1 : 0,
        ended.Counts.Total,
        ended.Counts.Completed,
        ended.Counts.Failed,
        ended.Usage,
        Math.Max(0, (long)(ended.EndedAt - ended.CreatedAt)!.Value.TotalSeconds),
        ended.Failures.FilledUpTo(ended.Counts.Failed));

    public static UsageSum operator +(UsageSum left, UsageSum right) => new(
        left.Completed + right.Completed,
        left.Failed + right.Failed,
        left.Expired + right.Expired,
        left.Cancelled + right.Cancelled,
        left.Lines + right.Lines,
        left.LinesCompleted + right.LinesCompleted,
        left.LinesFailed + right.LinesFailed,
        left.Tokens + right.Tokens,
        left.Seconds + right.Seconds,
        left.Failures + right.Failures);
}

/// <summary>What a project has used on a day of one model.</summary>
/// <param name="Day">The day, UTC.</param>
/// <param name="Model">The model; null for batches with several, or whose lines nobody got to know.</param>
/// <param name="Sum">What the batches come to that ended on that day.</param>
internal sealed record UsageOfDay(DateOnly Day, string? Model, UsageSum Sum);
