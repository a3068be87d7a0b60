using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using BatchFunctions.Storage;
using BatchFunctions.Telemetry;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Processing;

/// <summary>
/// Looks after the poison queues, whose messages no host hands out: each message by itself, so that one that fails
/// holds up neither the others nor the sweep. A message whose handling fails stays for a later sweep: as long as storage
/// is at fault, or refuses what an operator must allow; otherwise for its <see cref="Lives"/> and no longer. What it asked
/// for is then given up, or is in the rows, where the sweep finds it.
/// </summary>
internal sealed partial class PoisonSweep(
    StorageClients storage, PoisonHandling poison, RareLog rare, ILogger<PoisonSweep> logger)
{
    /// <summary>How often the handling of a poisoned message may fail.</summary>
    private const int Lives = 3;

    /// <summary>The most messages that one request may fetch.</summary>
    private const int FetchedAtOnce = 32;

    /// <summary>
    /// The most requests per queue in one sweep: enough for five hundred chunks that were poisoned together.
    /// </summary>
    private const int MostFetches = 16;

    /// <summary>
    /// How long a fetched message is invisible to others. A copy that another sweep handles meanwhile does no harm.
    /// </summary>
    private static readonly TimeSpan Visibility = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Forever = TimeSpan.FromSeconds(-1);

    /// <summary>Handles the messages of a poison queue, as far as they can be handled now.</summary>
    /// <param name="name">The poison queue.</param>
    /// <param name="hasTime">Whether there is time to fetch more.</param>
    /// <param name="ct">Fires when the host shuts down.</param>
    public Task RunAsync(string name, Func<bool> hasTime, CancellationToken ct) => RunAsync(name, Visibility, hasTime, ct);

    /// <param name="name">The poison queue.</param>
    /// <param name="visibility">How long a message whose handling fails stays away.</param>
    /// <param name="ct">Fires when the host shuts down.</param>
    /// <inheritdoc cref="RunAsync(string, Func{bool}, CancellationToken)"/>
    internal Task RunAsync(string name, TimeSpan visibility, CancellationToken ct) => RunAsync(name, visibility, static () => true, ct);

    private async Task RunAsync(string name, TimeSpan visibility, Func<bool> hasTime, CancellationToken ct)
    {
        var queue = storage.Queues.GetQueueClient(name);
        for (var fetches = 0; fetches < MostFetches; fetches++)
        {
            QueueMessage[] messages = await queue.ReceiveMessagesAsync(FetchedAtOnce, visibility, ct);
            foreach (var message in messages)
            {
                await TryHandleAsync(queue, message, visibility, ct);
            }

            if (messages.Length < FetchedAtOnce || !hasTime())
            {
                return;
            }
        }
    }

    private async Task TryHandleAsync(QueueClient queue, QueueMessage message, TimeSpan visibility, CancellationToken ct)
    {
        try
        {
            await poison.HandleAsync(BatchMessage.Parse(message.Body), ct);
        }
        catch (FormatException e)
        {
            // Messages are only pointers: whatever an unreadable one pointed to, the sweep finds in the rows.
            Log.NotRead(logger, e, queue.Name, message.MessageId);
        }
        catch (Exception e) when (e is not OutOfMemoryException && !ct.IsCancellationRequested)
        {
            var passes = MayPass(e);
            if (message.DequeueCount < Lives || passes)
            {
                if (rare.IsNews($"poison {message.Body}"))
                {
                    Log.NotHandled(logger, e, queue.Name, message.MessageId, message.DequeueCount);
                }

                if (!passes || message.DequeueCount < Lives || !await TryRenewAsync(queue, message, visibility, ct))
                {
                    return;
                }
            }
            else if (!await IsGivenUpAsync(queue, message, e, ct))
            {
                return;
            }
        }

        try
        {
            await queue.DeleteMessageAsync(message.MessageId, message.PopReceipt, ct);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            // Its minute was over and another sweep has it, which will repeat harmlessly what was done here.
        }
    }

    /// <summary>Whether the failure is no fault of the message's, and may be over at a later sweep.</summary>
    private static bool MayPass(Exception e) =>
        StorageFaults.MayPass(e) || StorageFaults.IsRefusal(e);

    /// <summary>
    /// Sends a copy of a message in its place, with all of its lives: those that it has are counted by storage, and what may pass takes
    /// none. A crash before the deletion leaves both, which does no harm.
    /// </summary>
    /// <returns>Whether the message may go.</returns>
    private static async Task<bool> TryRenewAsync(QueueClient queue, QueueMessage message, TimeSpan visibility, CancellationToken ct)
    {
        try
        {
            await queue.SendMessageAsync(message.Body, visibility, Forever, ct);
            return true;
        }
        catch (Exception e) when (StorageFaults.IsStorages(e))
        {
            return false;
        }
    }

    /// <returns>Whether the message may go.</returns>
    private async Task<bool> IsGivenUpAsync(QueueClient queue, QueueMessage message, Exception e, CancellationToken ct)
    {
        Log.GivenUp(logger, e, queue.Name, message.MessageId);
        return e is NewerRowException || await TryGiveUpAsync(queue, message, ct);
    }

    /// <returns>Whether the message may go.</returns>
    private async Task<bool> TryGiveUpAsync(QueueClient queue, QueueMessage message, CancellationToken ct)
    {
        try
        {
            await poison.GiveUpAsync(BatchMessage.Parse(message.Body), ct);
            return true;
        }
        catch (Exception e) when (e is not OutOfMemoryException && !ct.IsCancellationRequested)
        {
            Log.NotHandled(logger, e, queue.Name, message.MessageId, message.DequeueCount);
            return !MayPass(e);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "A message of {Queue} ({MessageId}) could not be handled, at its try {Try}; a later sweep tries again.")]
        public static partial void NotHandled(ILogger logger, Exception e, string queue, string messageId, long @try);

        [LoggerMessage(Level = LogLevel.Error, Message = "A message of {Queue} ({MessageId}) has failed to the last and is removed.")]
        public static partial void GivenUp(ILogger logger, Exception e, string queue, string messageId);

        [LoggerMessage(Level = LogLevel.Error, Message = "A message of {Queue} ({MessageId}) cannot be read and is removed.")]
        public static partial void NotRead(ILogger logger, Exception e, string queue, string messageId);
    }
}
