using Azure.Storage.Queues.Models;
using BatchFunctions.Storage;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Processing;

/// <summary>
/// Takes up what a host has given up: it hands out no message that was fetched too often, and one of a poison queue has no
/// further queue to go to. A worker that dies again and again with such a message at hand would leave it there for ever.
/// </summary>
internal sealed partial class PoisonSweep(StorageClients storage, PoisonHandling poison, ILogger<PoisonSweep> logger)
{
    /// <summary>How often a host hands out a message, at most: <c>maxDequeueCount</c> of <c>host.json</c>.</summary>
    private const int HandedOut = 5;

    /// <summary>As many as one request may fetch.</summary>
    private const int FetchedAtOnce = 32;

    private static readonly TimeSpan Visibility = TimeSpan.FromMinutes(1);

    /// <summary>Handles the messages that have been given up, and leaves the others to their trigger.</summary>
    /// <param name="working">The working queue whose poison queue is meant.</param>
    /// <param name="ct">Fires when the host shuts down.</param>
    public async Task RunAsync(string working, CancellationToken ct)
    {
        var queue = storage.Queues.GetQueueClient(working + QueueNames.PoisonSuffix);
        QueueMessage[] messages = await queue.ReceiveMessagesAsync(FetchedAtOnce, Visibility, ct);
        foreach (var message in messages)
        {
            if (message.DequeueCount > HandedOut)
            {
                Log.TakenUp(logger, queue.Name, message.MessageId);
                await HandleAsync(working, message, ct);
                await queue.DeleteMessageAsync(message.MessageId, message.PopReceipt, ct);
            }
            else
            {
                await queue.UpdateMessageAsync(
                    message.MessageId, message.PopReceipt, visibilityTimeout: TimeSpan.Zero, cancellationToken: ct);
            }
        }
    }

    private async Task HandleAsync(string working, QueueMessage message, CancellationToken ct)
    {
        try
        {
            await poison.HandleAsync(working, BatchMessage.Parse(message.Body), ct);
        }
        catch (FormatException e)
        {
            // Messages are pointers: what one that cannot be read pointed to, the sweep finds in the rows.
            Log.NotRead(logger, e, working, message.MessageId);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "A message of {Queue} ({MessageId}) was given up by its host; the sweep takes it up.")]
        public static partial void TakenUp(ILogger logger, string queue, string messageId);

        [LoggerMessage(Level = LogLevel.Error, Message = "A message that came from {Queue} ({MessageId}) cannot be read and is removed.")]
        public static partial void NotRead(ILogger logger, Exception e, string queue, string messageId);
    }
}
