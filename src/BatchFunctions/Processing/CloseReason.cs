using BatchFunctions.Batches;

namespace BatchFunctions.Processing;

/// <summary>Why lines end without an answer.</summary>
internal sealed record CloseReason(string Code, string Message, bool CountsAsFailed)
{
    public static readonly CloseReason Cancelled = new(
        "batch_cancelled", "This request was not executed because its batch was cancelled.", CountsAsFailed: false);

    public static readonly CloseReason Expired = new(
        "batch_expired", "This request could not be executed before the completion window expired.", CountsAsFailed: false);

    public static readonly CloseReason InternalError = new(
        "internal_error", "This request could not be executed because of an internal error.", CountsAsFailed: true);

    /// <summary>Why the batch's lines are no longer sent; null while they still are.</summary>
    public static CloseReason? Of(Batch batch, DateTimeOffset now) => batch.Status switch
    {
        BatchStatus.Cancelling => Cancelled,
        BatchStatus.InProgress when batch.IsOverdue(now) => Expired,
        _ => null,
    };
}
