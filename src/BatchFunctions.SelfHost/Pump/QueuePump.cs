using System.Diagnostics.CodeAnalysis;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using BatchFunctions.Storage;
using BatchFunctions.Wakeups;

namespace BatchFunctions.SelfHost.Pump;

/// <summary>
/// Hands a queue's messages to its handler as the Functions queue trigger does. Up to <c>batchSize</c> messages are
/// fetched whenever no more than <c>newBatchThreshold</c> are being handled. A message is invisible to others while its
/// handler runs, however long; it is deleted when the handler returns, comes back after <c>visibilityTimeout</c> when
/// it throws, and goes to the poison queue after <c>maxDequeueCount</c> tries. When the host stops, nothing more is
/// fetched and the handlers' token fires; handlers that have not returned after <see cref="PumpTimes.ShutdownLimit"/>
/// are abandoned, and their messages become visible again by themselves.
/// </summary>
/// <remarks>
/// The Functions host's own listener passes the same contract tests, and would do but for three differences, which have
/// tests as well: it finds messages sent by its own process only at its next poll, it waits for stuck handlers without
/// a limit, and messages that it has fetched when the stop comes stay invisible for a whole lease.
/// </remarks>
internal sealed partial class QueuePump(
    QueueServiceClient queues,
    string name,
    Func<QueueMessage, CancellationToken, Task> handle,
    HostJson settings,
    PumpTimes times,
    QueueBell bell,
    TimeProvider time,
    ILogger<QueuePump> logger) : BackgroundService
{
    private readonly QueueClient _queue = queues.GetQueueClient(name);

    /// <summary>A poison queue has no poison queue of its own.</summary>
    private readonly QueueClient? _poison = name.EndsWith(QueueNames.PoisonSuffix, StringComparison.Ordinal)
        ? null
        : queues.GetQueueClient(name + QueueNames.PoisonSuffix);

    private readonly HashSet<Task> _running = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Lets the host's start go on.
        await Task.Yield();
        using var limit = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        using var stop = stoppingToken.Register(() => limit.CancelAfter(times.ShutdownLimit));
        var delay = times.FirstDelay;
        var hasRung = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            _running.RemoveWhere(task => task.IsCompleted);
            if (_running.Count > settings.NewBatchThreshold)
            {
                // A stop ends the wait: stuck handlers must not prolong it.
                await ((Task)Task.WhenAny(_running)).WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                continue;
            }

            var messages = await FetchAsync(stoppingToken, limit.Token);
            _running.UnionWith(messages.Select(message => RunAsync(message, stoppingToken)));
            if (messages.Length > 0)
            {
                // What the bell has told of says nothing about what others send.
                delay = hasRung ? delay : times.FirstDelay;
                continue;
            }

            hasRung = await bell.WaitAsync(name, Jittered(delay), stoppingToken);
            if (hasRung)
            {
                continue;
            }

            var longest = settings.MaxPollingInterval * times.IdleFactor;
            delay = delay * 2 < longest ? delay * 2 : longest;
        }

        try
        {
            await Task.WhenAll(_running).WaitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            Log.LeftBehind(logger, name, _running.Count(task => !task.IsCompleted));
        }
    }

    /// <summary>Varies the delay by up to a fifth, so that several processes do not poll at the same moments.</summary>
    private static TimeSpan Jittered(TimeSpan delay) => delay * (0.8 + (0.4 * Random.Shared.NextDouble()));

    /// <summary>
    /// Fetches the next messages. A stop waits for the response until its limit: messages in a response that nobody
    /// reads would stay invisible for a whole lease.
    /// </summary>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever storage does, the queue is looked at again.")]
    private async Task<QueueMessage[]> FetchAsync(CancellationToken stopping, CancellationToken limit)
    {
        try
        {
            return await _queue.ReceiveMessagesAsync(settings.BatchSize, times.Lease, limit);
        }
        catch (Exception e)
        {
            if (!stopping.IsCancellationRequested)
            {
                Log.NotReached(logger, e, name);
            }

            return [];
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "One message that cannot be settled stops no others.")]
    private async Task RunAsync(QueueMessage message, CancellationToken ct)
    {
        await Task.Yield();
        try
        {
            if (ct.IsCancellationRequested)
            {
                // Fetched just as the stop came, and not begun.
                await _queue.UpdateMessageAsync(
                    message.MessageId,
                    message.PopReceipt,
                    visibilityTimeout: TimeSpan.Zero,
                    cancellationToken: CancellationToken.None);
            }
            else if (message.DequeueCount > settings.MaxDequeueCount)
            {
                // Its last try ended with the process, so nobody has moved it.
                await MoveToPoisonAsync(message);
            }
            else
            {
                await TryAsync(message, ct);
            }
        }
        catch (Exception e)
        {
            // Either it becomes visible by itself when its lease ends, or it is gone already and nothing is left to do.
            Log.NotSettled(logger, e, name, message.MessageId);
        }
    }

    private async Task TryAsync(QueueMessage message, CancellationToken ct)
    {
        using var lease = MessageLease.Keep(_queue, message, times.Lease, time, logger);
        var succeeded = await HandleAsync(message, ct);
        var latest = await lease.EndAsync();
        if (succeeded)
        {
            await _queue.DeleteMessageAsync(latest.MessageId, latest.PopReceipt, CancellationToken.None);
        }
        else if (message.DequeueCount >= settings.MaxDequeueCount)
        {
            await MoveToPoisonAsync(latest);
        }
        else if (_poison is not null)
        {
            await _queue.UpdateMessageAsync(
                latest.MessageId,
                latest.PopReceipt,
                visibilityTimeout: settings.VisibilityTimeout,
                cancellationToken: CancellationToken.None);
        }

        // A message that fails in a poison queue stays invisible until its lease ends, as under the Functions host.
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever a handler throws is a failed try of its message.")]
    private async Task<bool> HandleAsync(QueueMessage message, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(settings.FunctionTimeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            await handle(message, both.Token);
            return true;
        }
        catch (Exception e)
        {
            Log.Failed(logger, e, name, message.MessageId, message.DequeueCount);
            return false;
        }
    }

    /// <summary>
    /// Sends the message to the poison queue and then deletes it: a crash in between leaves it in both queues, but
    /// never in neither. A message that is already in a poison queue has nowhere to go, and is not handled any more, as
    /// under the Functions host.
    /// </summary>
    private async Task MoveToPoisonAsync(QueueMessage message)
    {
        if (_poison is null)
        {
            Log.GivenUp(logger, name, message.MessageId);
            return;
        }

        await _poison.CreateIfNotExistsAsync();
        await _poison.SendMessageAsync(message.Body, timeToLive: TimeSpan.FromSeconds(-1));
        Log.Poisoned(logger, name, message.MessageId);
        await _queue.DeleteMessageAsync(message.MessageId, message.PopReceipt);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The queue {Queue} cannot be read; trying again.")]
        public static partial void NotReached(ILogger logger, Exception e, string queue);

        [LoggerMessage(Level = LogLevel.Error, Message = "A message of {Queue} ({MessageId}) failed at its try number {Count}.")]
        public static partial void Failed(ILogger logger, Exception e, string queue, string messageId, long count);

        [LoggerMessage(Level = LogLevel.Error, Message = "A message of {Queue} ({MessageId}) has failed too often and went to the poison queue.")]
        public static partial void Poisoned(ILogger logger, string queue, string messageId);

        [LoggerMessage(Level = LogLevel.Error, Message = "A message of {Queue} ({MessageId}) has failed too often and is left where it is.")]
        public static partial void GivenUp(ILogger logger, string queue, string messageId);

        [LoggerMessage(Level = LogLevel.Warning, Message = "A message of {Queue} ({MessageId}) could not be settled; it will come again.")]
        public static partial void NotSettled(ILogger logger, Exception e, string queue, string messageId);

        [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} messages of {Queue} were still being handled at the end.")]
        public static partial void LeftBehind(ILogger logger, string queue, int count);
    }
}
