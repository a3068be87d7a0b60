using System.Collections.Immutable;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace BatchFunctions.Telemetry;

/// <summary>
/// The service's own metrics. Their names and units are a contract with operators: alerts depend on them.
/// </summary>
internal sealed class BatchMetrics
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "BatchFunctions";

    /// <summary>Projects and models whose waiting lines are told apart at an upstream: each is a time series of its own.</summary>
    private const int MostWaiting = 20;

    private const string QueueTag = "queue";
    private const string UpstreamTag = "upstream";
    private const string StatusTag = "status";

    /// <summary>Bounds of the histograms' buckets in seconds: an attempt may take a tenth of a second or ten minutes, a wait hours.</summary>
    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 21600],
    };

    private readonly Gauge<long> _queueDepth;
    private readonly Gauge<double> _oldestMessage;
    private readonly Gauge<double> _progressAge;
    private readonly Gauge<double> _oldestBatch;
    private readonly Gauge<long> _active;
    private readonly Counter<long> _batches;
    private readonly Counter<long> _lines;
    private readonly Counter<long> _tokens;
    private readonly Counter<long> _postponed;
    private readonly Counter<long> _overtaken;
    private readonly Counter<long> _retries;
    private readonly Gauge<int> _upstreamOpen;
    private readonly Counter<long> _storageRequests;
    private readonly Counter<long> _deliveries;
    private readonly Histogram<double> _queueWait;
    private readonly Histogram<double> _attempts;
    private readonly Histogram<double> _checkpoints;
    private Func<long> _memoryUsed = static () => 0;
    private Func<int> _memoryWaiting = static () => 0;
    private ImmutableList<(string Upstream, Func<UpstreamReading> Read)> _upstreams = [];

    public BatchMetrics(IMeterFactory meters)
    {
#pragma warning disable CA2000 // The factory owns its meters, and disposes of them with the host.
        var meter = meters.Create(MeterName);
#pragma warning restore CA2000
        _ = meter.CreateObservableGauge(
            "batchfunctions.memory.used", () => _memoryUsed(), "By", "Bytes that the process holds of requests, answers, results and uploads.");
        _ = meter.CreateObservableGauge(
            "batchfunctions.memory.waiting", () => _memoryWaiting(), "{share}", "Lines and uploads that wait until they may be held.");
        _ = meter.CreateObservableGauge(
            "batchfunctions.upstream.share", () => Upstream(static reading => reading.Share), "{line}", "Lines that the process may have in flight.");
        _ = meter.CreateObservableGauge(
            "batchfunctions.upstream.limit", () => Upstream(static reading => reading.Limit), "{line}", "Lines that all processes may have in flight, as the process was last told.");
        _ = meter.CreateObservableGauge(
            "batchfunctions.upstream.in_flight", () => Upstream(static reading => reading.InFlight), "{line}", "Lines that the process has in flight.");
        _ = meter.CreateObservableGauge(
            "batchfunctions.upstream.waiting", Waiting, "{line}", "Lines of chunks that the process works on, which wait for their turn, by project and model.");
        _queueDepth = meter.CreateGauge<long>(
            "batchfunctions.queue.depth", "{message}", "Messages on a queue, about.");
        _oldestMessage = meter.CreateGauge<double>(
            "batchfunctions.queue.oldest_message_age", "s", "How long the message at a queue's head has been waiting.");
        _queueWait = meter.CreateHistogram<double>(
            "batchfunctions.queue.wait", "s", "From the moment that a message was due to its handling, at its first try.", tags: null, Seconds);
        _progressAge = meter.CreateGauge<double>(
            "batchfunctions.batch.progress_age", "s", "The longest time that an active batch has made no progress.");
        _oldestBatch = meter.CreateGauge<double>(
            "batchfunctions.batch.oldest_age", "s", "The age of the oldest batch that has not ended.");
        _active = meter.CreateGauge<long>(
            "batchfunctions.batch.active", "{batch}", "Batches that have not ended, by status.");
        _batches = meter.CreateCounter<long>(
            "batchfunctions.batch.entered", "{batch}", "Batches that came to a status, by status.");
        _lines = meter.CreateCounter<long>(
            "batchfunctions.line.ended", "{line}", "Lines that have come to an end, by outcome.");
        _tokens = meter.CreateCounter<long>(
            "batchfunctions.line.tokens", "{token}", "Tokens that the upstream has counted for lines, by type.");
        _postponed = meter.CreateCounter<long>(
            "batchfunctions.line.postponed", "{line}", "Lines that were left to wait in storage.");
        _overtaken = meter.CreateCounter<long>(
            "batchfunctions.chunk.overtaken", "{chunk}", "Claims that another has overtaken: their leases were lost.");
        _checkpoints = meter.CreateHistogram<double>(
            "batchfunctions.chunk.checkpoint", "s", "The time that a checkpoint takes: its blocks staged, its row written.", tags: null, Seconds);
        _attempts = meter.CreateHistogram<double>(
            "batchfunctions.upstream.attempt", "s", "The time that an attempt at a line takes, by the status that was answered or the way that it failed.", tags: null, Seconds);
        _retries = meter.CreateCounter<long>(
            "batchfunctions.upstream.retries", "{attempt}", "Attempts that are made again, by the same.");
        _upstreamOpen = meter.CreateGauge<int>(
            "batchfunctions.upstream.open", "{upstream}", "1 while the upstream answers nobody as it should and is only asked now and then, else 0.");
        _deliveries = meter.CreateCounter<long>(
            "batchfunctions.webhook.attempt", "{attempt}", "Attempts to deliver an event of a batch, by outcome.");
        _storageRequests = meter.CreateCounter<long>(
            "batchfunctions.storage.requests", "{request}", "Requests to storage, by service, method and status; a 412 is a write that another was faster than.");
    }

    /// <summary>Reports what the process holds of its budget of bytes whenever somebody looks.</summary>
    /// <param name="used">The bytes that are held.</param>
    /// <param name="waiting">How many wait for bytes.</param>
    public void WatchMemory(Func<long> used, Func<int> waiting)
    {
        _memoryUsed = used;
        _memoryWaiting = waiting;
    }

    /// <summary>Reports what the process has to do with an upstream whenever somebody looks.</summary>
    public void WatchUpstream(string upstream, Func<UpstreamReading> read) =>
        ImmutableInterlocked.Update(ref _upstreams, static (all, one) => all.Add(one), (upstream, read));

    public void QueueSeen(string queue, long depth, TimeSpan oldest)
    {
        _queueDepth.Record(depth, new KeyValuePair<string, object?>(QueueTag, queue));
        _oldestMessage.Record(oldest.TotalSeconds, new KeyValuePair<string, object?>(QueueTag, queue));
    }

    public void MessageTaken(string queue, TimeSpan wait) =>
        _queueWait.Record(wait > TimeSpan.Zero ? wait.TotalSeconds : 0, new KeyValuePair<string, object?>(QueueTag, queue));

    /// <summary>Records what a sweep found of all active batches.</summary>
    /// <param name="byStatus">
    /// The number of batches by status; a status that no batch has is included with zero.
    /// </param>
    /// <param name="longestWithoutProgress">The longest time that one of them has gone without progress.</param>
    /// <param name="oldest">The age of the oldest.</param>
    public void BatchesSeen(IEnumerable<KeyValuePair<string, long>> byStatus, TimeSpan longestWithoutProgress, TimeSpan oldest)
    {
        foreach (var (status, count) in byStatus)
        {
            _active.Record(count, Status(status));
        }

        _progressAge.Record(longestWithoutProgress.TotalSeconds);
        _oldestBatch.Record(oldest.TotalSeconds);
    }

    public void BatchEntered(string status) => _batches.Add(1, Status(status));

    public void LineEnded(string outcome) => _lines.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public void TokensUsed(long input, long cachedInput, long output, long reasoningOutput)
    {
        AddTokens("input", input);
        AddTokens("cached_input", cachedInput);
        AddTokens("output", output);
        AddTokens("reasoning_output", reasoningOutput);
    }

    public void LinePostponed() => _postponed.Add(1);

    public void ChunkOvertaken() => _overtaken.Add(1);

    public void CheckpointMade(TimeSpan took) => _checkpoints.Record(took.TotalSeconds);

    public void AttemptMade(string upstream, string outcome, TimeSpan took) =>
        _attempts.Record(took.TotalSeconds, At(upstream), Status(outcome));

    public void AttemptRepeated(string upstream, string outcome) => _retries.Add(1, At(upstream), Status(outcome));

    public void UpstreamOpen(string upstream, bool isOpen) => _upstreamOpen.Record(isOpen ? 1 : 0, At(upstream));

    public void DeliveryTried(string outcome) => _deliveries.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public void StorageAsked(string service, string method, int status) => _storageRequests.Add(
        1, new TagList { { "service", service }, { "method", method }, { StatusTag, status } });

    private IEnumerable<Measurement<int>> Upstream(Func<UpstreamReading, int?> value)
    {
        foreach (var (upstream, read) in _upstreams)
        {
            if (value(read()) is { } lines)
            {
                yield return new Measurement<int>(lines, At(upstream));
            }
        }
    }

    private IEnumerable<Measurement<int>> Waiting() => _upstreams.SelectMany(static one => one.Read().Largest(MostWaiting).Select(waiting =>
        new Measurement<int>(
            waiting.Lines,
            At(one.Upstream),
            new KeyValuePair<string, object?>("project", waiting.Project),
            new KeyValuePair<string, object?>("model", waiting.Model ?? UpstreamReading.Several))));

    private static KeyValuePair<string, object?> At(string upstream) => new(UpstreamTag, upstream);

    private static KeyValuePair<string, object?> Status(string status) => new(StatusTag, status);

    private void AddTokens(string type, long count)
    {
        if (count > 0)
        {
            _tokens.Add(count, new KeyValuePair<string, object?>("type", type));
        }
    }
}
