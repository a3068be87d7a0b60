using BatchFunctions.Http;

namespace BatchFunctions.Webhooks;

/// <summary>The errors of requests about webhooks.</summary>
internal static class WebhookErrors
{
    public static ApiError NoEvents { get; } = ApiError.InvalidRequest("Invalid 'events': the list is empty. Name a type of events, or leave it out for all.", "events");

    /// <summary>Storage has been asked for as much as one page may cost, and nothing that matches has been found yet.</summary>
    public static ApiError NothingFoundYet { get; } = ApiError.InvalidRequest(
        "No delivery that matches was found among those that one request may look through, and there are more. List them without 'status', 'webhook_id' and 'batch_id', and go on from there with 'after'.",
        null,
        "search_too_broad");

    public static ApiError IsDisabled { get; } =
        ApiError.Conflict("Nothing is sent to this webhook: it is disabled. Update its status to 'enabled' first.");

    public static ApiError IsTest { get; } = ApiError.Conflict("A test is sent once. Ask for another test of the webhook.");

    public static ApiError IsUnreadable { get; } = ApiError.Conflict(
        "What is stored of this cannot be read. Whoever operates the service can mend it; a webhook may be deleted, and another added.");

    public static ApiError TooManySecrets { get; } = ApiError.Conflict(
        ApiError.Text($"Events are signed with {Webhook.MostOldSecrets} older secrets of this webhook already, each for a day after its rotation. Wait until one has ended, or add another webhook."));

    public static ApiError Busy { get; } = new(
        429,
        ApiError.InvalidRequestType,
        "As many events as may be are on their way from here. Please try again in a few seconds.",
        null,
        "too_many_events")
    {
        Passes = true,
        RetryAfter = TimeSpan.FromSeconds(5),
    };

    public static ApiError NoWebhook(string id) => ApiError.NotFound($"No webhook found with id '{ApiError.Shown(id)}'.");

    public static ApiError NoDelivery(string id) => ApiError.NotFound($"No delivery found with id '{ApiError.Shown(id)}'.");

    public static ApiError BadUrl(string problem) => ApiError.InvalidRequest($"Invalid 'url': {problem}.", "url");

    public static ApiError TooMany(string project, int max) => new(
        429,
        ApiError.InvalidRequestType,
        ApiError.Text($"Webhook limit reached for project {project}. Limit: {max} webhooks. Delete one that is not needed any more."),
        null,
        "webhook_limit_exceeded");
}
