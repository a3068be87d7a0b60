using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using BatchFunctions.Storage;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Processing;

/// <summary>
/// Looks after the poison queues, which no host hands messages out of: each message by itself, so that one that cannot be
/// helped keeps no other from its help, nor the sweep from its end. One whose handling fails stays and is taken up by a
/// later sweep; what it points to ends at the latest with its batch, and then nothing is left to do about it.
/// </summary>
internal sealed partial class PoisonSweep(StorageClients storage, PoisonHandling poison, ILogger<PoisonSweep> logger)
{
    /// <summary>As many as one request may fetch.</summary>
    private const int FetchedAtOnce = 32;

    /// <summary>Requests of one sweep to one queue: five hundred chunks that were poisoned together are done within it.</summary>
    private const int MostFetches = 16;

    /// <summary>How long a message is this sweep's alone. A copy that another handles meanwhile does no harm.</summary>
    private static readonly TimeSpan Visibility = TimeSpan.FromMinutes(1);

    /// <summary>Handles what waits on a poison queue, as far as it can be handled now.</summary>
    /// <param name="name">The poison queue.</param>
    /// <param name="ct">Fires when the host shuts down.</param>
    public async Task RunAsync(string name, CancellationToken ct)
    {
        var queue = storage.Queues.GetQueueClient(name);
        for (var fetches = 0; fetches < MostFetches; fetches++)
        {
            QueueMessage[] messages = await queue.ReceiveMessagesAsync(FetchedAtOnce, Visibility, ct);
            foreach (var message in messages)
            {
                await TryHandleAsync(queue, message, ct);
            }

            if (messages.Length < FetchedAtOnce)
            {
                return;
            }
        }
    }

    private async Task TryHandleAsync(QueueClient queue, QueueMessage message, CancellationToken ct)
    {
        try
        {
            await poison.HandleAsync(BatchMessage.Parse(message.Body), ct);
        }
        catch (FormatException e)
        {
            // Messages are pointers: what one that cannot be read pointed to, the sweep finds in the rows.
            Log.NotRead(logger, e, queue.Name, message.MessageId);
        }
        catch (Exception e) when (e is not OutOfMemoryException && !ct.IsCancellationRequested)
        {
            Log.NotHandled(logger, e, queue.Name, message.MessageId, message.DequeueCount);
            return;
        }

        try
        {
            await queue.DeleteMessageAsync(message.MessageId, message.PopReceipt, ct);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            // Its minute was over and another sweep has it; that one does what has been done here once more.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "A message of {Queue} ({MessageId}) could not be handled, at its try {Try}; a later sweep tries again.")]
        public static partial void NotHandled(ILogger logger, Exception e, string queue, string messageId, long @try);

        [LoggerMessage(Level = LogLevel.Error, Message = "A message of {Queue} ({MessageId}) cannot be read and is removed.")]
        public static partial void NotRead(ILogger logger, Exception e, string queue, string messageId);
    }
}
