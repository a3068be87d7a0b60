using System.Diagnostics;

namespace BatchFunctions.Telemetry;

/// <summary>
/// Traces that follow a batch from its creation through its chunks to its end. The context travels in the messages, so
/// that the span that sends a message is the parent of the one that handles it. The batch's row keeps the context of
/// its creation, for what the sweep does about it.
/// </summary>
internal static class BatchTracing
{
    /// <summary>
    /// The context to carry on in a row or a message: a W3C one, of 55 characters. One of another form, which a caller may
    /// make as long as it likes, is not carried on.
    /// </summary>
    public static string? Current => Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: var id } ? id : null;

    /// <summary>The source of the spans for creating, validating, running, advancing and finishing a batch.</summary>
    public const string SourceName = "BatchFunctions";

    /// <summary>
    /// The source of a span for each attempt at a line: up to fifty thousand lines per batch, so it is off unless asked
    /// for.
    /// </summary>
    public const string UpstreamSourceName = "BatchFunctions.Upstream";

    private const string BatchTag = "batchfunctions.batch.id";
    private const string ChunkTag = "batchfunctions.chunk";
    private const string StatusTag = "batchfunctions.batch.status";
    private const string QueueTag = "messaging.destination.name";

    private static readonly ActivitySource Source = new(SourceName);
    private static readonly ActivitySource Upstream = new(UpstreamSourceName);

    public static Activity? StartCreate(string batchId) => Source.StartActivity("create batch")?.SetTag(BatchTag, batchId);

    /// <summary>
    /// Starts the span for handling a message, within the trace that sent it. Each sweep is sent by the one before,
    /// without end, so each is a trace of its own with a link to the one before.
    /// </summary>
    /// <param name="queue">The queue.</param>
    /// <param name="kind">The kind of the message.</param>
    /// <param name="batchId">The batch; null if the message is not about one.</param>
    /// <param name="chunk">The chunk's number; null if the message is not about one.</param>
    /// <param name="traceParent">The W3C trace context that the message was sent in.</param>
    public static Activity? StartHandling(
        string queue, string kind, string? batchId, int? chunk, string? traceParent)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        var sender = ContextOf(traceParent);
        var activity = batchId is not null
            ? Source.StartActivity($"process {kind}", ActivityKind.Consumer, sender)
            : Source.StartActivity($"process {kind}", ActivityKind.Consumer, default(ActivityContext), links: LinkTo(sender));
        activity?.SetTag(QueueTag, queue);
        if (batchId is not null)
        {
            activity?.SetTag(BatchTag, batchId);
        }

        if (chunk is { } number)
        {
            activity?.SetTag(ChunkTag, number);
        }

        return activity;
    }

    /// <summary>
    /// Starts the span for what the sweep does about a batch: part of the batch's trace, linked to the sweep.
    /// </summary>
    public static Activity? StartSweep(string batchId, string? traceParent) =>
        Source.HasListeners()
            ? Source.StartActivity(
                "sweep batch",
                ActivityKind.Internal,
                ContextOf(traceParent),
                links: LinkTo(Activity.Current?.Context ?? default))?.SetTag(BatchTag, batchId)
            : null;

    public static Activity? StartRun(string batchId, int chunk, int epoch) =>
        Source.StartActivity("run chunk")?.SetTag(BatchTag, batchId).SetTag(ChunkTag, chunk).SetTag("batchfunctions.chunk.epoch", epoch);

    public static Activity? StartCheckpoint() => Source.StartActivity("checkpoint");

    public static Activity? StartFinish(string batchId, string outcome) =>
        Source.StartActivity("finish batch")?.SetTag(BatchTag, batchId).SetTag(StatusTag, outcome);

    /// <summary>
    /// Starts the span for one attempt at a line; the <c>traceparent</c> header passes it on to the upstream.
    /// </summary>
    public static Activity? StartAttempt(string upstream, string endpoint) =>
        Upstream.StartActivity("call upstream", ActivityKind.Client)
            ?.SetTag("url.path", endpoint)
            .SetTag("batchfunctions.upstream", upstream);

    /// <summary>Marks a span as failed, without the exception's text, which may contain a user's data.</summary>
    public static void Fail(this Activity? activity, Exception e) =>
        activity?.SetStatus(ActivityStatusCode.Error).SetTag("error.type", e.GetType().FullName);

    private static ActivityContext ContextOf(string? traceParent) =>
        ActivityContext.TryParse(traceParent, null, isRemote: true, out var context) ? context : default;

    private static ActivityLink[] LinkTo(ActivityContext context) =>
        context == default ? [] : [new ActivityLink(context)];
}
