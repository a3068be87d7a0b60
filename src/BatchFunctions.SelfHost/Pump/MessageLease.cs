using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;

namespace BatchFunctions.SelfHost.Pump;

/// <summary>
/// Keeps a fetched message invisible to others while its handler runs, renewing the visibility timeout when half of it
/// has passed. Each renewal changes the message's pop receipt, so whoever deletes or releases the message must use the
/// one from <see cref="EndAsync"/>.
/// </summary>
internal sealed partial class MessageLease : IDisposable
{
    private readonly QueueClient _queue;
    private readonly TimeSpan _duration;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _ended = new();
    private readonly Task _renewing;
    private QueueMessage _message;

    private MessageLease(QueueClient queue, QueueMessage message, TimeSpan duration, TimeProvider time, ILogger logger)
    {
        _queue = queue;
        _message = message;
        _duration = duration;
        _time = time;
        _logger = logger;
        _renewing = RenewAsync();
    }

    /// <summary>
    /// Starts renewing the visibility timeout of <paramref name="message"/>, which was fetched for
    /// <paramref name="duration"/>.
    /// </summary>
    public static MessageLease Keep(
        QueueClient queue, QueueMessage message, TimeSpan duration, TimeProvider time, ILogger logger) =>
        new(queue, message, duration, time, logger);

    /// <summary>Ends the renewals.</summary>
    /// <returns>The message with its latest pop receipt.</returns>
    public async Task<QueueMessage> EndAsync()
    {
        // Only the wait is cancelled: a renewal under way must complete, or its new pop receipt would be lost.
        await _ended.CancelAsync();
        await _renewing;
        return _message;
    }

    /// <inheritdoc/>
    public void Dispose() => _ended.Dispose();

    private async Task RenewAsync()
    {
        var wait = _duration / 2;
        while (true)
        {
            await Task.Delay(wait, _time, _ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_ended.IsCancellationRequested)
            {
                return;
            }

            try
            {
                var receipt = await _queue.UpdateMessageAsync(
                    _message.MessageId, _message.PopReceipt, visibilityTimeout: _duration, cancellationToken: CancellationToken.None);
                _message = _message.Update(receipt);
                wait = _duration / 2;
            }
            catch (RequestFailedException e) when (e.Status == 404 || e.ErrorCode == QueueErrorCode.PopReceiptMismatch)
            {
                Log.Lost(_logger, _queue.Name, _message.MessageId);
                return;
            }
            catch (Exception e) when (e is RequestFailedException or AggregateException or OperationCanceledException)
            {
                // Several tries are left before the message becomes visible to others.
                Log.NotRenewed(_logger, e, _queue.Name, _message.MessageId);
                wait = _duration / 10;
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "A message of {Queue} ({MessageId}) is another's by now, or gone; its handler runs on.")]
        public static partial void Lost(ILogger logger, string queue, string messageId);

        [LoggerMessage(Level = LogLevel.Warning, Message = "A message of {Queue} ({MessageId}) could not be kept from others; trying again.")]
        public static partial void NotRenewed(ILogger logger, Exception e, string queue, string messageId);
    }
}
