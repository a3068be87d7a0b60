using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Configuration;
using BatchFunctions.Ids;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Processing;

/// <summary>
/// Handles messages that failed too often. Nothing is dropped: the rows are read first, and only three strikes without
/// a new line in between end a chunk's lines with <c>internal_error</c>.
/// </summary>
internal sealed partial class PoisonHandling(
    BatchStore batches,
    ChunkStore chunks,
    ChunkClosing closing,
    BatchFinish finish,
    BatchQueues queues,
    IOptions<BatchOptions> options,
    TimeProvider time,
    ILogger<PoisonHandling> logger)
{
    private const int Strikes = 3;

    private static readonly BatchError NotValidated = new(
        "internal_error", "The input file could not be validated because of an internal error.", null, null);

    /// <summary>Handles one message that failed too often.</summary>
    /// <param name="message">The message.</param>
    /// <param name="ct">Fires when the host shuts down.</param>
    public Task HandleAsync(BatchMessage message, CancellationToken ct) => message.Kind switch
    {
        BatchMessageKind.Chunk => ChunkAsync(message.Key, message.ChunkNumber, ct),
        BatchMessageKind.Validate => ValidateAsync(message.Key, ct),
        BatchMessageKind.Advance => AdvanceAsync(message.Key, ct),
        BatchMessageKind.Sweep => SweepAsync(ct),
        _ => throw new FormatException($"The queue message is of a kind that has no rule: {message.Kind}."),
    };

    public async Task ChunkAsync(BatchKey key, int number, CancellationToken ct)
    {
        if (await batches.FindAsync(key, ct) is not { } batch
            || batch.Status.HasEnded()
            || await chunks.FindAsync(key.Id, number, ct) is not { Ended: false } chunk)
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

        var done = chunk.Done.Count;
        var strikes = done > chunk.StrikeDone ? 1 : chunk.Strikes + 1;
        if (strikes < Strikes)
        {
            // If the update fails, somebody has claimed the chunk and works on it; then the strike is not recorded, and
            // need not be.
            await chunks.TryUpdateAsync(chunk.Strike(strikes), ct);
            await queues.SendChunkAsync(key, number, options.Value.Lease, ct);
            return;
        }

        await closing.TryCloseAsync(batch, chunk, CloseReason.Of(batch, now) ?? CloseReason.InternalError, ct);
        await queues.AskAdvanceAsync(key, ct);
    }

    public async Task ValidateAsync(BatchKey key, CancellationToken ct)
    {
        var batch = await batches.MutateAsync(
            key,
            current => current.Status switch
            {
                BatchStatus.Validating when current.Strikes + 1 >= Strikes => current.Fail([NotValidated], time.GetUtcNow()),
                BatchStatus.Validating => current.Strike(),
                _ => null,
            },
            ct);
        switch (batch)
        {
            case null:
                break;
            case { Status: BatchStatus.Failed }:
                await finish.ClearAwayAsync(key, ct);
                break;
            case { Status: BatchStatus.Validating }:
                Log.ValidationPoisoned(logger, key.Id, batch.Strikes);
                await queues.SendValidateAsync(key, options.Value.Lease, ct);
                break;
            default:
                // Validated by another message, or by this one, which then failed to send the follow-up: that is sent
                // again.
                Log.ValidationFollowed(logger, key.Id, batch.Status);
                await queues.SendValidateAsync(key, options.Value.Lease, ct);
                break;
        }
    }

    /// <summary>A poisoned advance fails no batch: it is asked for again.</summary>
    public async Task AdvanceAsync(BatchKey key, CancellationToken ct)
    {
        if (await batches.FindAsync(key, ct) is { } batch && !batch.Status.HasEnded())
        {
            Log.AdvancePoisoned(logger, key.Id);
            await queues.AskAdvanceAsync(key, ct);
        }
    }

    /// <summary>A poisoned sweep must not break the chain, so the next one is asked for.</summary>
    public Task SweepAsync(CancellationToken ct) => queues.AskSweepAsync(ct);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Batch {BatchId}, chunk {Chunk} has failed too often ({Strikes} strikes before this).")]
        public static partial void ChunkPoisoned(ILogger logger, string batchId, int chunk, int strikes);

        [LoggerMessage(Level = LogLevel.Error, Message = "The validation of batch {BatchId} has failed too often ({Strikes} strikes).")]
        public static partial void ValidationPoisoned(ILogger logger, string batchId, int strikes);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Batch {BatchId} is '{Status}' by now, and a message to validate it has failed too often: what follows validation is sent again.")]
        public static partial void ValidationFollowed(ILogger logger, string batchId, BatchStatus status);

        [LoggerMessage(Level = LogLevel.Error, Message = "The advance of batch {BatchId} has failed too often; it is asked for again.")]
        public static partial void AdvancePoisoned(ILogger logger, string batchId);
    }
}
