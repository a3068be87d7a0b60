using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;

namespace BatchFunctions.SelfHost.Pump;

/// <summary>
/// Hands a queue's messages to its handler as the Functions queue trigger does: up to <c>batchSize</c> at once whenever
/// no more than <c>newBatchThreshold</c> are being handled; invisible to others while the handler runs, however long; deleted
/// when it returns, back after <c>visibilityTimeout</c> when it throws, and on the poison queue after
/// <c>maxDequeueCount</c> tries. When the host stops, nothing more is fetched and the handlers' token fires.
/// </summary>
internal sealed partial class QueuePump(
    QueueServiceClient queues,
    string name,
    Func<QueueMessage, CancellationToken, Task> handle,
    HostJson settings,
    PumpTimes times,
    TimeProvider time,
    ILogger<QueuePump> logger) : BackgroundService
{
    private const string PoisonSuffix = "-poison";

    private readonly QueueClient _queue = queues.GetQueueClient(name);

    /// <summary>A poison queue has no poison queue of its own: what fails there stays away for a lease, and comes again.</summary>
    private readonly QueueClient? _poison =
        name.EndsWith(PoisonSuffix, StringComparison.Ordinal) ? null : queues.GetQueueClient(name + PoisonSuffix);

    private readonly HashSet<Task> _running = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Leave the host's start to go on.
        await Task.Yield();
        var delay = times.FirstDelay;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                _running.RemoveWhere(task => task.IsCompleted);
                if (_running.Count > settings.NewBatchThreshold)
                {
                    await Task.WhenAny(_running).WaitAsync(stoppingToken);
                    continue;
                }

                QueueMessage[] messages =
                    await _queue.ReceiveMessagesAsync(settings.BatchSize, times.Lease, stoppingToken);
                foreach (var message in messages)
                {
                    _running.Add(RunAsync(message, stoppingToken));
                }

                if (messages.Length > 0)
                {
                    delay = times.FirstDelay;
                    continue;
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                Log.NotReached(logger, e, name);
                delay = settings.MaxPollingInterval;
            }

            await DelayAsync(delay, stoppingToken);
            delay = delay * 2 < settings.MaxPollingInterval ? delay * 2 : settings.MaxPollingInterval;
        }

        try
        {
            await Task.WhenAll(_running).WaitAsync(times.ShutdownLimit, time, CancellationToken.None);
        }
        catch (TimeoutException)
        {
            Log.LeftBehind(logger, name, _running.Count(task => !task.IsCompleted));
        }
    }

    private async Task RunAsync(QueueMessage message, CancellationToken stopping)
    {
        await Task.Yield();
        using var ended = new CancellationTokenSource();
        var renewal = RenewAsync(message, ended.Token);
        Exception? fault = null;
        try
        {
            using var limit = new CancellationTokenSource(settings.FunctionTimeout, time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(stopping, limit.Token);
            await handle(message, both.Token);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            fault = e;
        }

        await ended.CancelAsync();
        var receipt = await renewal;
        try
        {
            await SettleAsync(message, receipt, fault);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // The message becomes visible by itself when its lease has run out.
            Log.NotSettled(logger, e, name, message.MessageId);
        }
    }

    private async Task SettleAsync(QueueMessage message, string receipt, Exception? fault)
    {
        if (fault is null)
        {
            await _queue.DeleteMessageAsync(message.MessageId, receipt);
            return;
        }

        Log.Failed(logger, fault, name, message.MessageId, message.DequeueCount);
        if (_poison is null)
        {
            return;
        }

        if (message.DequeueCount < settings.MaxDequeueCount)
        {
            await _queue.UpdateMessageAsync(
                message.MessageId, receipt, message.Body, settings.VisibilityTimeout);
            return;
        }

        await _poison.SendMessageAsync(message.Body, TimeSpan.Zero, TimeSpan.FromSeconds(-1));
        await _queue.DeleteMessageAsync(message.MessageId, receipt);
        Log.Poisoned(logger, name, message.MessageId);
    }

    /// <summary>Keeps the message away from others while its handler runs; each renewal changes its pop receipt.</summary>
    /// <returns>The receipt that holds.</returns>
    private async Task<string> RenewAsync(QueueMessage message, CancellationToken ended)
    {
        var receipt = message.PopReceipt;
        while (true)
        {
            await DelayAsync(times.Lease / 2, ended);
            if (ended.IsCancellationRequested)
            {
                return receipt;
            }

            try
            {
                var renewed = await _queue.UpdateMessageAsync(
                    message.MessageId, receipt, message.Body, times.Lease, CancellationToken.None);
                receipt = renewed.Value.PopReceipt;
            }
            catch (RequestFailedException e)
            {
                Log.NotRenewed(logger, e, name, message.MessageId);
            }
        }
    }

    private async Task DelayAsync(TimeSpan delay, CancellationToken ct) =>
        await Task.Delay(delay, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The queue {Queue} cannot be read; trying again.")]
        public static partial void NotReached(ILogger logger, Exception e, string queue);

        [LoggerMessage(Level = LogLevel.Error, Message = "A message of {Queue} ({MessageId}) failed at its try number {Count}.")]
        public static partial void Failed(ILogger logger, Exception e, string queue, string messageId, long count);

        [LoggerMessage(Level = LogLevel.Error, Message = "A message of {Queue} ({MessageId}) has failed too often and went to the poison queue.")]
        public static partial void Poisoned(ILogger logger, string queue, string messageId);

        [LoggerMessage(Level = LogLevel.Warning, Message = "A message of {Queue} ({MessageId}) could not be settled; it will come again.")]
        public static partial void NotSettled(ILogger logger, Exception e, string queue, string messageId);

        [LoggerMessage(Level = LogLevel.Warning, Message = "A message of {Queue} ({MessageId}) could not be kept from others.")]
        public static partial void NotRenewed(ILogger logger, Exception e, string queue, string messageId);

        [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} messages of {Queue} were still being handled at the end.")]
        public static partial void LeftBehind(ILogger logger, string queue, int count);
    }
}

/// <summary>Times of the queue trigger that <c>host.json</c> does not set.</summary>
internal sealed record PumpTimes
{
    /// <summary>How long a message stays away from others unless it is renewed, at half of that.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The first wait on an empty queue; each further one is twice as long.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How long handlers have to come to their end when the host stops.</summary>
    public TimeSpan ShutdownLimit { get; init; } = TimeSpan.FromSeconds(10);
}
