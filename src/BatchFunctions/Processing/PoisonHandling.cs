using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Configuration;
using BatchFunctions.Ids;
using BatchFunctions.Telemetry;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Processing;

/// <summary>
/// Handles messages that failed too often. Nothing is dropped that the rows say must be done: they are read first, and
/// only three strikes without a new line in between end a chunk's lines with <c>internal_error</c>. A strike counts where the
/// chunk has been claimed since the last one, a minute ago at least: of messages that one trouble poisoned together only one does. What a message asks for
/// is done here where that is short, and not asked for again: so a message's lives are counted in one place.
/// </summary>
internal sealed partial class PoisonHandling(
    BatchStore batches,
    ChunkStore chunks,
    ChunkClosing closing,
    BatchValidation validation,
    BatchAdvance advance,
    BatchFinish finish,
    BatchQueues queues,
    RareLog rare,
    IOptions<BatchOptions> options,
    TimeProvider time,
    ILogger<PoisonHandling> logger)
{
    /// <summary>Strikes that end a validation.</summary>
    private const int MostStrikes = 3;

    /// <summary>Handles one message that failed too often.</summary>
    /// <param name="message">The message.</param>
    /// <param name="ct">Fires when the host shuts down.</param>
    public Task HandleAsync(BatchMessage message, CancellationToken ct) => message.Kind switch
    {
        BatchMessageKind.Chunk => ChunkAsync(message.Key, message.ChunkNumber, ct),
        BatchMessageKind.Validate => ValidateAsync(message.Key, ct),
        BatchMessageKind.Advance => AdvanceAsync(message.Key, ct),
        BatchMessageKind.Sweep => SweepAsync(ct),

        // Its entry in 'expiring' says when it is tried again, and when no more.
        BatchMessageKind.Deliver => Task.CompletedTask,
        _ => throw new FormatException($"The queue message is of a kind that has no rule: {message.Kind}."),
    };

    /// <summary>What becomes of a message whose handling has failed to the last.</summary>
    /// <param name="message">The message.</param>
    /// <param name="ct">Fires when the host shuts down.</param>
    public Task GiveUpAsync(BatchMessage message, CancellationToken ct) => message.Kind == BatchMessageKind.Advance
        ? finish.GiveUpAsync(message.Key, BatchFailures.NotClosed, ct)
        : Task.CompletedTask;

    public async Task ChunkAsync(BatchKey key, int number, CancellationToken ct)
    {
        if (await batches.FindAsync(key, ct) is not { } batch
            || batch.Status.HasEnded()
            || await chunks.FindAsync(key.Id, number, ct) is not { Ended: false, Unreadable: null } chunk)
        {
            return;
        }

        Log.ChunkPoisoned(logger, key.Id, number, chunk.Strikes);
        var now = time.GetUtcNow();
        if (chunk.IsHeld(now))
        {
            await queues.SendChunkAsync(key, number, chunk.LeaseUntil!.Value - now, ct);
            return;
        }

        // If the update fails, somebody has claimed the chunk and works on it; then the strike is not recorded, and need not
        // be. The last strike stands before the chunk is closed: should that fail, no line of it is sent again.
        var strikes = chunk.Done.Count > chunk.StrikeDone ? 1 : chunk.Strikes + 1;
        var struck = chunk.IsStruckOut ? chunk
            : chunk.IsStrikeDue(now) ? await chunks.TryUpdateAsync(chunk.Strike(strikes, now), ct) : null;
        if (struck is not { IsStruckOut: true })
        {
            await queues.SendChunkAsync(key, number, options.Value.Lease, ct);
            return;
        }

        await closing.TryCloseAsync(batch, struck, CloseReason.Of(batch, now) ?? CloseReason.InternalError, ct);
        await queues.AskAdvanceAsync(key, ct);
    }

    public async Task ValidateAsync(BatchKey key, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var batch = await batches.MutateAsync(
            key,
            current => current.Status switch
            {
                BatchStatus.Validating when now - current.StruckAt < Chunk.StrikesApart => null,
                BatchStatus.Validating when current.Strikes + 1 >= MostStrikes => current.Fail([BatchFailures.NotValidated], now),
                BatchStatus.Validating => current.Strike(now),
                _ => null,
            },
            ct);
        switch (batch)
        {
            case null:
                break;
            case { Status: BatchStatus.Failed }:
                await finish.FinishAsync(batch, ct);
                break;
            case { Status: BatchStatus.Validating }:
                Log.ValidationPoisoned(logger, key.Id, batch.Strikes);
                await queues.SendValidateAsync(key, options.Value.Lease, ct);
                break;
            default:
                // Validated by another message, or by this one, which then failed to send the follow-up.
                Log.ValidationFollowed(logger, key.Id, batch.Status);
                await validation.RunAsync(key, ct);
                break;
        }
    }

    /// <summary>A poisoned advance fails no batch by itself: it is made here, and what that throws decides.</summary>
    public async Task AdvanceAsync(BatchKey key, CancellationToken ct)
    {
        if (await batches.FindAsync(key, ct) is { } batch && !batch.Status.HasEnded())
        {
            if (rare.IsNews($"advance poisoned {key.Id}"))
            {
                Log.AdvancePoisoned(logger, key.Id);
            }

            await advance.AdvanceAsync(key, ct);
        }
    }

    /// <summary>A poisoned sweep must not break the chain, so the next one is asked for.</summary>
    public Task SweepAsync(CancellationToken ct) => queues.AskSweepAsync(delay: null, ct);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Batch {BatchId}, chunk {Chunk} has failed too often ({Strikes} strikes before this).")]
        public static partial void ChunkPoisoned(ILogger logger, string batchId, int chunk, int strikes);

        [LoggerMessage(Level = LogLevel.Error, Message = "The validation of batch {BatchId} has failed too often ({Strikes} strikes).")]
        public static partial void ValidationPoisoned(ILogger logger, string batchId, int strikes);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Batch {BatchId} is '{Status}' by now, and a message to validate it has failed too often: what follows validation is sent again.")]
        public static partial void ValidationFollowed(ILogger logger, string batchId, BatchStatus status);

        [LoggerMessage(Level = LogLevel.Error, Message = "The advance of batch {BatchId} has failed too often; the sweep makes it.")]
        public static partial void AdvancePoisoned(ILogger logger, string batchId);
    }
}
