using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Storage;
using BatchFunctions.Wakeups;

namespace BatchFunctions.Operators;

/// <summary>The API's answer to what the whole service is doing.</summary>
internal sealed class OverviewObject(
    IReadOnlyList<QueueState> queues, IReadOnlyList<ActiveBatch> active, IReadOnlyList<UpstreamObject> upstreams, DateTimeOffset now)
{
    private const string Kind = "service.overview";

    [AllowedValues(Kind)]
    public string Object { get; } = Kind;

    [Description("Every queue, poison queues included.")]
    public IReadOnlyList<QueueObject> Queues { get; } = [.. queues.Select(queue => new QueueObject(queue))];

    public ActiveBatchesObject Batches { get; } = new(active, now);

    [Description("Projects with batches that have not ended, those with the most waiting lines first.")]
    public IReadOnlyList<ActiveProjectObject> Projects { get; } =
    [
        .. active.GroupBy(batch => batch.Key.Tenant, StringComparer.Ordinal)
            .Select(batches => new ActiveProjectObject(batches.Key, batches.Aggregate(default(ActiveLoad), (load, batch) => load.With(batch.Lines))))
            .OrderByDescending(project => project.EnqueuedRequests)
            .ThenBy(project => project.Project, StringComparer.Ordinal),
    ];

    public IReadOnlyList<UpstreamObject> Upstreams { get; } = upstreams;
}

/// <summary>The state of a queue.</summary>
internal sealed class QueueObject(QueueState queue)
{
    public string Name { get; } = queue.Name;

    [Description("Whether it has messages that failed too often, which the sweep looks after.")]
    public bool IsPoison { get; } = QueueNames.Poison.Contains(queue.Name);

    [Description("About how many messages it has, delayed ones included.")]
    public int Messages { get; } = queue.Messages;

    [Description("The age of the message at its head, in seconds.")]
    public long OldestAge { get; } = (long)queue.OldestAge.TotalSeconds;
}

/// <summary>The batches of all projects that have not ended, as the last sweep saw them.</summary>
internal sealed class ActiveBatchesObject(IReadOnlyList<ActiveBatch> active, DateTimeOffset now)
{
    public int Total { get; } = active.Count;

    public int Validating { get; } = CountOf(active, BatchStatus.Validating);

    public int InProgress { get; } = CountOf(active, BatchStatus.InProgress);

    public int Finalizing { get; } = CountOf(active, BatchStatus.Finalizing);

    public int Cancelling { get; } = CountOf(active, BatchStatus.Cancelling);

    [Description("Lines that wait in them.")]
    public long EnqueuedRequests { get; } = active.Sum(batch => (long)batch.Lines);

    [Description("The one that was made first.")]
    public OldestBatchObject? Oldest { get; } = active.MinBy(batch => batch.CreatedAt) is { } oldest ? new(oldest, now) : null;

    private static int CountOf(IReadOnlyList<ActiveBatch> active, BatchStatus status) =>
        active.Count(batch => batch.Status == status.Wire());
}

/// <summary>The oldest batch that has not ended.</summary>
internal sealed class OldestBatchObject(ActiveBatch batch, DateTimeOffset now)
{
    public string Id { get; } = batch.Key.Id;

    public string Project { get; } = batch.Key.Tenant;

    public string Status { get; } = batch.Status;

    [Description("Unix time, in seconds.")]
    public long CreatedAt { get; } = batch.CreatedAt.ToUnixTimeSeconds();

    [Description("In seconds.")]
    public long Age { get; } = (long)(now - batch.CreatedAt).TotalSeconds;
}

/// <summary>A project with batches that have not ended.</summary>
internal sealed class ActiveProjectObject(string project, ActiveLoad load)
{
    public string Project { get; } = project;

    [Description("Batches that have not ended.")]
    public int Batches { get; } = load.Batches;

    [Description("Lines that wait in them.")]
    public long EnqueuedRequests { get; } = load.Lines;
}
