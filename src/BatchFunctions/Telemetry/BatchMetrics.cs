using System.Diagnostics.Metrics;

namespace BatchFunctions.Telemetry;

/// <summary>What the service measures of itself. Names and units are an operator's contract: the alerts read them.</summary>
internal sealed class BatchMetrics
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "BatchFunctions";

    private const string QueueTag = "queue";

    private readonly Gauge<long> _queueDepth;
    private readonly Gauge<double> _oldestMessage;
    private readonly Gauge<double> _progressAge;
    private readonly Gauge<long> _active;
    private readonly Counter<long> _lines;
    private readonly Counter<long> _postponed;
    private readonly Counter<long> _overtaken;

    public BatchMetrics(IMeterFactory meters)
    {
#pragma warning disable CA2000 // The factory owns its meters, and disposes of them with the host.
        var meter = meters.Create(MeterName);
#pragma warning restore CA2000
        _queueDepth = meter.CreateGauge<long>(
            "batchfunctions.queue.depth", "{message}", "Messages on a queue, about.");
        _oldestMessage = meter.CreateGauge<double>(
            "batchfunctions.queue.oldest_message_age", "s", "How long the message at a queue's head has been waiting.");
        _progressAge = meter.CreateGauge<double>(
            "batchfunctions.batch.progress_age", "s", "The longest time that an active batch has made no progress.");
        _active = meter.CreateGauge<long>(
            "batchfunctions.batch.active", "{batch}", "Batches that have not ended.");
        _lines = meter.CreateCounter<long>(
            "batchfunctions.line.ended", "{line}", "Lines that have come to an end, by outcome.");
        _postponed = meter.CreateCounter<long>(
            "batchfunctions.chunk.postponed", "{chunk}", "Chunks that were left to wait in storage, by reason.");
        _overtaken = meter.CreateCounter<long>(
            "batchfunctions.chunk.overtaken", "{chunk}", "Claims that another has overtaken.");
    }

    public void QueueSeen(string queue, long depth, TimeSpan oldest)
    {
        _queueDepth.Record(depth, new KeyValuePair<string, object?>(QueueTag, queue));
        _oldestMessage.Record(oldest.TotalSeconds, new KeyValuePair<string, object?>(QueueTag, queue));
    }

    public void BatchesSeen(int active, TimeSpan progressAge)
    {
        _active.Record(active);
        _progressAge.Record(progressAge.TotalSeconds);
    }

    public void LineEnded(string outcome) => _lines.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public void ChunkPostponed(string reason) => _postponed.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void ChunkOvertaken() => _overtaken.Add(1);
}
