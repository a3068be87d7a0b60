using BatchFunctions.Configuration;
using BatchFunctions.Http;
using BatchFunctions.Receivers;

namespace BatchFunctions.Batches;

/// <summary>The errors of requests about batches, in OpenAI's wording where it is known.</summary>
internal static class BatchErrors
{
    /// <summary>
    /// What a client that is over a quota is told to wait: official ones wait as long as a minute by themselves, and nobody knows when
    /// a batch ends.
    /// </summary>
    private static readonly TimeSpan QuotaWait = TimeSpan.FromSeconds(30);

    private const string LineCode = "request_limit_exceeded";

    public static ApiError NoBatch(string id) => ApiError.NotFound($"No batch found with id '{ApiError.Shown(id)}'.");

    public static ApiError NoFilter(string name, IEnumerable<string> known) => ApiError.InvalidRequest(
        $"Unknown parameter: '{ApiError.Shown(name)}'. Batches are listed by {string.Join(", ", known.Select(one => $"'{one}'"))}.", ApiError.Shown(name), "unknown_parameter");

    /// <summary>Storage has been asked for as much as one page may cost, and nothing that matches has been found yet.</summary>
    public static ApiError NothingFoundYet { get; } = ApiError.InvalidRequest(
        "No batch that matches was found among those that one request may look through, and there are more. Narrow the time with 'created_after' and 'created_before'.",
        null,
        "search_too_broad");

    public static ApiError NoInputFile(string id) => ApiError.InvalidRequest(
        $"Invalid 'input_file_id': no file with the id '{ApiError.Shown(id)}' and the purpose 'batch' was found.",
        "input_file_id",
        "invalid_request");

    public static ApiError NoWindow(string given, CompletionWindows windows) => ApiError.InvalidRequest(
        $"Invalid value: '{ApiError.Shown(given)}'. Supported values are: {windows}, in minutes (m), hours (h) or days (d).", "completion_window");

    public static ApiError BadWebhookUrl(string problem) => ApiError.InvalidRequest($"Invalid 'webhook.url': {problem}.", "webhook.url");

    /// <summary>The secret is not echoed back.</summary>
    public static ApiError BadWebhookSecret { get; } = ApiError.InvalidRequest($"Invalid 'webhook.secret': expected {ReceiverSecret.Form}.", "webhook.secret");

    public static ApiError CannotCancel(string status) => ApiError.Conflict($"Cannot cancel a batch with status '{status}'.");

    public static ApiError CannotDelete(string status) => ApiError.Conflict(
        $"Cannot delete a batch with status '{status}': it has not ended. Cancel it first, or wait until it has ended.") with
    {
        Code = "batch_not_ended",
    };

    public static ApiError CannotDeleteRetried(string id) => ApiError.Conflict(
        $"Cannot delete this batch: batch {id} is a retry of it and has not ended. Wait until it has ended, or cancel it.") with
    {
        Code = "batch_not_ended",
    };

    public static ApiError CannotDeleteUnreadable { get; } = ApiError.Conflict(
        "Cannot delete this batch: its row cannot be read. Whoever operates the service can mend or remove it.");

    public static ApiError CannotRetry(string status) =>
        ApiError.Conflict($"Cannot retry a batch with status '{status}': it has not ended. Cancel it first, or wait until it has ended.");

    public static ApiError RetryRuns(string id) => ApiError.Conflict(
        $"Batch {id} is a retry of this batch and has not ended, so some of these lines may still be answered. Wait until it has ended, or cancel it.");

    public static ApiError RelatedRetryRuns(string id) => ApiError.Conflict(
        $"Batch {id} comes of the same first batch as this one and has not ended, so some of these lines may still be answered. Wait until it has ended, or cancel it.");

    public static ApiError CannotRetryUnreadable(string id) => ApiError.Conflict(
        $"Cannot retry this batch: the row of batch {id} cannot be read, so it is not known what became of its lines. Whoever operates the service can mend it.");

    public static ApiError TooManyRetries { get; } = ApiError.Conflict(
        "Cannot retry this batch: it has been retried so often that it could not be told any more which lines have succeeded. Create a batch of the lines that are left.");

    public static ApiError RetryWithoutInput(string id) => ApiError.Conflict(
        $"Cannot retry this batch: it is a retry that ended before its lines were known. Retry batch {id}, of which they are.");

    public static ApiError InputWasRefused { get; } = ApiError.Conflict(
        "Cannot retry a batch whose input was found invalid: none of its lines was sent. Correct the input, and create a batch of it.");

    public static ApiError NothingToRetry { get; } = ApiError.Conflict("Cannot retry this batch: all of its lines have succeeded.");

    public static ApiError SourceGone(string id, string what) => ApiError.InvalidRequest(
        $"The batch's {what} file '{id}' has been deleted or has expired, so it is not known any more what to send once more.", null, "file_gone");

    public static ApiError WrongNumberOfOnly(int max, int given) => ApiError.InvalidRequest(
        ApiError.Text($"Invalid 'only': expected an array of 1 to {max} codes, but got {given}."), "only");

    public static ApiError BadOnly(string given) => ApiError.InvalidRequest(
        $"Invalid 'only': '{ApiError.Shown(given)}' is neither an error code, such as 'batch_expired', nor an HTTP status, such as '429'.", "only");

    public static ApiError TooManyBatches(string project, int active, int max) => Quota(
        ApiError.Text($"Batch limit reached for project {project}. Limit: {max:N0} batches that have not ended; there are {active:N0}. Please try again once some of them have ended."),
        null,
        "batch_limit_exceeded");

    /// <summary>OpenAI's words for the same limit, with the numbers.</summary>
    public static ApiError TooManyLines(string project, long waiting, int more, long max) => Quota(
        ApiError.Text($"Enqueued request limit reached for project {project}. Limit: {max:N0} enqueued requests; there are {waiting:N0}, and this file has {more:N0}. Please try again once some in_progress batches have been completed."),
        "input_file_id",
        LineCode);

    /// <summary>The batch alone is more than may ever wait.</summary>
    public static ApiError MoreLinesThanMayWait(string project, int lines, long max) => ApiError.InvalidRequest(
        ApiError.Text($"This file has {lines:N0} requests, and the project {project} may have {max:N0} enqueued. Divide it, or have the limit raised."),
        "input_file_id",
        LineCode);

    private static ApiError Quota(string message, string? param, string code) =>
        new(429, ApiError.InvalidRequestType, message, param, code) { Passes = true, RetryAfter = QuotaWait };
}
