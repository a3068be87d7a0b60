using Azure.Storage.Queues.Models;
using BatchFunctions.Storage;
using BatchFunctions.Telemetry;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Processing;

/// <summary>
/// The queue handlers and the timer's, one method for each: what both hosts call. A handler that returns has its
/// message deleted; one that throws has it come back. When the host shuts down, the message is sent again and the
/// handler returns: a host that is going away uses up no attempt and leaves nothing invisible.
/// </summary>
public sealed class BatchJobs
{
    /// <summary>When the timer behind the sweep fires: every hour, on the hour (NCRONTAB, as the Functions host reads it).</summary>
    public const string SweepSchedule = "0 0 * * * *";

    private static readonly Func<ILogger, string, string, int?, IDisposable?> Scope =
        LoggerMessage.DefineScope<string, string, int?>("{Queue}, batch {BatchId}, chunk {Chunk}");

    /// <summary>How long sending a message again may take while the host is shutting down.</summary>
    private static readonly TimeSpan SendAgainLimit = TimeSpan.FromSeconds(5);

    private readonly BatchValidation _validation;
    private readonly ChunkWork _work;
    private readonly BatchAdvance _advance;
    private readonly BatchSweep _sweep;
    private readonly PoisonHandling _poison;
    private readonly BatchQueues _queues;
    private readonly BatchMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    internal BatchJobs(
        BatchValidation validation,
        ChunkWork work,
        BatchAdvance advance,
        BatchSweep sweep,
        PoisonHandling poison,
        BatchQueues queues,
        BatchMetrics metrics,
        TimeProvider time,
        ILogger<BatchJobs> logger)
    {
        _validation = validation;
        _work = work;
        _advance = advance;
        _sweep = sweep;
        _poison = poison;
        _queues = queues;
        _metrics = metrics;
        _time = time;
        _logger = logger;
    }

    /// <summary>Handles a message of <see cref="QueueNames.Validate"/>.</summary>
    /// <param name="message">The message.</param>
    /// <param name="ct">Fires when the host shuts down, or takes the handler for stuck.</param>
    public Task ValidateAsync(QueueMessage message, CancellationToken ct) =>
        RunAsync(message, QueueNames.Validate, (at, ct) => _validation.RunAsync(at.Key, ct), ct);

    /// <summary>Handles a message of <see cref="QueueNames.Chunk"/>.</summary>
    /// <inheritdoc cref="ValidateAsync"/>
    public Task ChunkAsync(QueueMessage message, CancellationToken ct) =>
        RunAsync(message, QueueNames.Chunk, (at, ct) => _work.RunAsync(at.Key, at.ChunkNumber, ct), ct);

    /// <summary>Handles a message of <see cref="QueueNames.Advance"/>.</summary>
    /// <inheritdoc cref="ValidateAsync"/>
    public Task AdvanceAsync(QueueMessage message, CancellationToken ct) =>
        RunAsync(message, QueueNames.Advance, (at, ct) => _advance.TakeUpAsync(at.Key, ct), ct);

    /// <summary>Handles a message of <see cref="QueueNames.Sweep"/>.</summary>
    /// <inheritdoc cref="ValidateAsync"/>
    public Task SweepAsync(QueueMessage message, CancellationToken ct) =>
        RunAsync(message, QueueNames.Sweep, (at, ct) => _sweep.TakeUpAsync(at.Ticket, ct), ct);

    /// <summary>The hourly timer.</summary>
    /// <param name="ct">Fires when the host shuts down.</param>
    public Task SweepTimerAsync(CancellationToken ct) => _sweep.RunTimerAsync(ct);

    /// <summary>Handles a message that failed too often on <see cref="QueueNames.Validate"/>.</summary>
    /// <inheritdoc cref="ValidateAsync"/>
    public Task ValidatePoisonAsync(QueueMessage message, CancellationToken ct) =>
        PoisonAsync(message, QueueNames.Validate, ct);

    /// <summary>Handles a message that failed too often on <see cref="QueueNames.Chunk"/>.</summary>
    /// <inheritdoc cref="ValidateAsync"/>
    public Task ChunkPoisonAsync(QueueMessage message, CancellationToken ct) =>
        PoisonAsync(message, QueueNames.Chunk, ct);

    /// <summary>Handles a message that failed too often on <see cref="QueueNames.Advance"/>.</summary>
    /// <inheritdoc cref="ValidateAsync"/>
    public Task AdvancePoisonAsync(QueueMessage message, CancellationToken ct) =>
        PoisonAsync(message, QueueNames.Advance, ct);

    /// <summary>Handles a message that failed too often on <see cref="QueueNames.Sweep"/>.</summary>
    /// <inheritdoc cref="ValidateAsync"/>
    public Task SweepPoisonAsync(QueueMessage message, CancellationToken ct) =>
        PoisonAsync(message, QueueNames.Sweep, ct);

    private Task PoisonAsync(QueueMessage message, string queue, CancellationToken ct) => WatchAsync(
        message, queue + QueueNames.PoisonSuffix, (at, ct) => _poison.HandleAsync(queue, at, ct), ct);

    private Task RunAsync(
        QueueMessage message, string queue, Func<BatchMessage, CancellationToken, Task> handle, CancellationToken ct) =>
        WatchAsync(
            message,
            queue,
            async (at, token) =>
            {
                try
                {
                    await handle(at, token);
                }
                catch (Exception e) when (token.IsCancellationRequested && e is not OutOfMemoryException)
                {
                    using var limit = new CancellationTokenSource(SendAgainLimit);
                    await _queues.SendAgainAsync(queue, at, limit.Token);
                }
            },
            ct);

    /// <summary>Handles a message within the trace that sent it, and has all logs meanwhile name the batch and chunk.</summary>
    private async Task WatchAsync(
        QueueMessage message, string queue, Func<BatchMessage, CancellationToken, Task> handle, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(message);
        var at = BatchMessage.Parse(message.Body);
        if (at.DueAt is { } due && message.DequeueCount <= 1)
        {
            _metrics.MessageTaken(queue, _time.GetUtcNow() - DateTimeOffset.FromUnixTimeMilliseconds(due));
        }

        using var scope = Scope(_logger, queue, at.BatchId, at.Chunk);
        using var span = BatchTracing.StartHandling(queue, at.BatchId.Length > 0 ? at.BatchId : null, at.Chunk, at.TraceParent);
        try
        {
            await handle(at, ct);
        }
        catch (Exception e)
        {
            span.Fail(e);
            throw;
        }
    }
}
