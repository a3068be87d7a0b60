using Azure.Storage.Queues.Models;
using BatchFunctions.Storage;
using BatchFunctions.Telemetry;
using BatchFunctions.Wakeups;
using BatchFunctions.Webhooks;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Processing;

/// <summary>
/// The handlers of the two queues and of the timer, which both hosts call. When a handler returns, its message is
/// deleted; when it throws, the message comes again. When the host shuts down, the handler sends its message again and
/// returns, so that a shutdown uses up no attempt and leaves no message invisible. A step that storage refuses, which only
/// an operator can put right, is let go: the sweep asks for it again as long as the rows say that it is due.
/// </summary>
public sealed partial class BatchJobs
{
    /// <summary>When the timer behind the sweep fires: every hour, on the hour (NCRONTAB, as the Functions host reads it).</summary>
    public const string SweepSchedule = "0 0 * * * *";

    private static readonly Func<ILogger, BatchMessageKind, string, int?, IDisposable?> Scope =
        LoggerMessage.DefineScope<BatchMessageKind, string, int?>("{Kind}, batch {BatchId}, chunk {Chunk}");

    /// <summary>How long sending a message again may take during a shutdown.</summary>
    private static readonly TimeSpan SendAgainLimit = TimeSpan.FromSeconds(5);

    private readonly BatchValidation _validation;
    private readonly ChunkWork _work;
    private readonly BatchAdvance _advance;
    private readonly BatchSweep _sweep;
    private readonly DeliveryWork _deliveries;
    private readonly SweepGuard _guard;
    private readonly BatchQueues _queues;
    private readonly BatchMetrics _metrics;
    private readonly RareLog _rare;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    internal BatchJobs(
        BatchValidation validation,
        ChunkWork work,
        BatchAdvance advance,
        BatchSweep sweep,
        DeliveryWork deliveries,
        SweepGuard guard,
        BatchQueues queues,
        BatchMetrics metrics,
        RareLog rare,
        TimeProvider time,
        ILogger<BatchJobs> logger)
    {
        _validation = validation;
        _work = work;
        _advance = advance;
        _sweep = sweep;
        _deliveries = deliveries;
        _guard = guard;
        _queues = queues;
        _metrics = metrics;
        _rare = rare;
        _time = time;
        _logger = logger;
        Handlers = new Dictionary<string, Func<QueueMessage, CancellationToken, Task>>(StringComparer.Ordinal)
        {
            [QueueNames.Steps] = StepAsync,
            [QueueNames.Chunk] = ChunkAsync,
        };
    }

    /// <summary>The handler of each working queue, by the queue's name.</summary>
    public IReadOnlyDictionary<string, Func<QueueMessage, CancellationToken, Task>> Handlers { get; }

    /// <summary>Handles a message of <see cref="QueueNames.Steps"/>.</summary>
    /// <param name="message">The message.</param>
    /// <param name="ct">Fires when the host shuts down or considers the handler stuck.</param>
    public Task StepAsync(QueueMessage message, CancellationToken ct) => RunAsync(message, QueueNames.Steps, ct);

    /// <summary>Handles a message of <see cref="QueueNames.Chunk"/>.</summary>
    /// <inheritdoc cref="StepAsync"/>
    public Task ChunkAsync(QueueMessage message, CancellationToken ct) => RunAsync(message, QueueNames.Chunk, ct);

    /// <summary>Handles a tick of the hourly timer.</summary>
    /// <param name="ct">Fires when the host shuts down.</param>
    public Task SweepTimerAsync(CancellationToken ct) => _sweep.RunTimerAsync(ct);

    private Task HandleAsync(BatchMessage message, bool isFirstDelivery, CancellationToken ct) => message.Kind switch
    {
        BatchMessageKind.Chunk => _work.RunAsync(message.Key, message.ChunkNumber, message.GoesOn, ct),
        BatchMessageKind.Validate => _validation.RunAsync(message.Key, ct),
        BatchMessageKind.Advance => _advance.TakeUpAsync(message.Key, isFirstDelivery && !message.IsCountedOn, ct),
        BatchMessageKind.Sweep => _sweep.TakeUpAsync(message, ct),
        BatchMessageKind.Deliver => DeliverAsync(message, isFirstDelivery, ct),
        _ => throw new FormatException($"The queue message is of a kind that has no rule: {message.Kind}."),
    };

    /// <summary>
    /// Makes an attempt to send an event, and looks now and then whether sweeps go on: where others wait for one, events may be all that
    /// is handled.
    /// </summary>
    private async Task DeliverAsync(BatchMessage message, bool isFirstDelivery, CancellationToken ct)
    {
        await _deliveries.RunAsync(message, isFirstDelivery, ct);
        await _guard.LookAsync(ct);
    }

    /// <summary>
    /// Handles a message within the trace that sent it, with the batch and chunk in all logs meanwhile.
    /// </summary>
    private async Task RunAsync(QueueMessage message, string queue, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(message);
        var at = BatchMessage.Parse(message.Body);
        var isFirstDelivery = message.DequeueCount <= 1;
        if (at.DueAt is { } due && isFirstDelivery)
        {
            _metrics.MessageTaken(queue, _time.GetUtcNow() - DateTimeOffset.FromUnixTimeMilliseconds(due));
        }

        using var scope = Scope(_logger, at.Kind, at.BatchId, at.Chunk);
        using var span = BatchTracing.StartHandling(
            queue, at.Kind.Name(), at.BatchId.Length > 0 ? at.BatchId : null, at.Chunk, at.TraceParent);
        try
        {
            await HandleAsync(at, isFirstDelivery, ct);
        }
        catch (Exception e) when (ct.IsCancellationRequested && e is not OutOfMemoryException)
        {
            using var limit = new CancellationTokenSource(SendAgainLimit, _time);
            await _queues.SendAgainAsync(at, limit.Token);
        }
        catch (Exception e) when (StorageFaults.IsRefusal(e) && at.Kind is (BatchMessageKind.Validate or BatchMessageKind.Advance or BatchMessageKind.Deliver))
        {
            span.Fail(e);
            if (_rare.IsNews($"refused {at.Kind} {at.BatchId}"))
            {
                Log.Refused(_logger, e, at.Kind, at.BatchId);
            }
        }
        catch (Exception e)
        {
            span.Fail(e);
            throw;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Storage refuses what the step {Kind} of batch {BatchId} needs; it is tried again until that is put right.")]
        public static partial void Refused(ILogger logger, Exception e, BatchMessageKind kind, string batchId);
    }
}
