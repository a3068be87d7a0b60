using System.Diagnostics;

namespace BatchFunctions.Telemetry;

/// <summary>
/// Traces that follow a batch from its making through its chunks to its end. The context travels in the messages, so
/// that what one process sends is the parent of what another does with it; the batch's row keeps the context that it was
/// made in, for what the sweep does about it.
/// </summary>
internal static class BatchTracing
{
    /// <summary>The source of the spans of making, validating, running, advancing and finishing a batch.</summary>
    public const string SourceName = "BatchFunctions";

    /// <summary>The source of a span for each attempt at a line: fifty thousand a batch, so it is asked for apart.</summary>
    public const string UpstreamSourceName = "BatchFunctions.Upstream";

    private const string BatchTag = "batchfunctions.batch.id";
    private const string ChunkTag = "batchfunctions.chunk";
    private const string StatusTag = "batchfunctions.batch.status";
    private const string QueueTag = "messaging.destination.name";

    private static readonly ActivitySource Source = new(SourceName);
    private static readonly ActivitySource Upstream = new(UpstreamSourceName);

    public static Activity? StartCreate(string batchId) => Source.StartActivity("create batch")?.SetTag(BatchTag, batchId);

    /// <summary>
    /// The handling of a message, within the trace that sent it. A sweep is sent by the sweep before it, and so on without
    /// an end: each is a trace of its own, with a link to the one before.
    /// </summary>
    /// <param name="queue">The queue.</param>
    /// <param name="kind">What the message asks for.</param>
    /// <param name="batchId">The batch; null for a message about none.</param>
    /// <param name="chunk">The chunk's number; null for a message about none.</param>
    /// <param name="traceParent">The W3C trace context in which the message was sent.</param>
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

    /// <summary>What the sweep does about a batch: part of the batch's trace, linked to the sweep.</summary>
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

    /// <summary>One attempt at a line; the upstream is told of it by the <c>traceparent</c> header.</summary>
    public static Activity? StartAttempt(string endpoint) =>
        Upstream.StartActivity("call upstream", ActivityKind.Client)?.SetTag("url.path", endpoint);

    /// <summary>Marks a span as failed. The exception's text stays out of it: it may carry what a user sent.</summary>
    public static void Fail(this Activity? activity, Exception e) =>
        activity?.SetStatus(ActivityStatusCode.Error).SetTag("error.type", e.GetType().FullName);

    private static ActivityContext ContextOf(string? traceParent) =>
        ActivityContext.TryParse(traceParent, null, isRemote: true, out var context) ? context : default;

    private static ActivityLink[] LinkTo(ActivityContext context) =>
        context == default ? [] : [new ActivityLink(context)];
}
