using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Protocol;
using BatchFunctions.Telemetry;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Processing;

/// <summary>
/// What follows the last write of a chunk's run: an advance of the batch, or a message for the next run.
/// </summary>
internal sealed partial class ChunkFollowUp(
    BatchAdvance advance,
    BatchQueues queues,
    ChunkTally tally,
    BatchMetrics metrics,
    ProtocolSteps steps,
    TimeProvider time,
    ILogger<ChunkFollowUp> logger)
{
    /// <summary>How long sending the follow-up of a run may take during a shutdown.</summary>
    private static readonly TimeSpan AfterLimit = TimeSpan.FromSeconds(10);

    /// <summary>Does or sends the follow-up.</summary>
    /// <param name="batch">The chunk's batch.</param>
    /// <param name="chunk">The chunk as the run's last write left it.</param>
    /// <param name="began">When the run began, as a timestamp of the process's clock.</param>
    /// <param name="end">How the run ended.</param>
    /// <param name="ct">Fires when the host shuts down.</param>
    public async Task RunAsync(Batch batch, Chunk chunk, long began, ChunkRunEnd end, CancellationToken ct)
    {
        // The host's token may have fired by now, but the follow-up of the last write is sent in any case.
        using var limit = new CancellationTokenSource(AfterLimit, time);
        if (end == ChunkRunEnd.Ended)
        {
            await SendNextAsync(batch, chunk.Number, limit.Token);
        }

        switch (end)
        {
            case ChunkRunEnd.Ended when batch.ChunkCount == 1:
                await advance.EndAsync(batch, new OnlyChunk(chunk, began), ct);
                break;
            case ChunkRunEnd.Ended when tally.Add(batch, chunk.Number):
                // The last chunk, as far as this process can tell, so the batch can probably be finished, and the
                // advance is made at once. A crash on the way leaves this chunk's message, which asks for the advance.
                await advance.AdvanceAsync(batch.Key, ct);
                break;
            case ChunkRunEnd.Ended:
                await queues.AskAdvanceAsync(batch.Key, limit.Token);
                break;
            case ChunkRunEnd.HandedOver:
                await HandOverAsync(chunk, limit.Token);
                break;
            default:
                metrics.ChunkOvertaken();
                Log.Overtaken(logger, batch.Id, chunk.Number, chunk.Epoch);
                break;
        }
    }

    /// <summary>
    /// Sends the message of the chunk that follows one that has ended. A crash before it leaves the ended one's message, which comes
    /// again, and the sweep.
    /// </summary>
    public async Task SendNextAsync(Batch batch, int ended, CancellationToken ct)
    {
        if (ChunkWindow.NextAfter(batch, ended) is { } next)
        {
            await queues.SendChunkAsync(batch.Key, next, TimeSpan.Zero, ct);
            await steps.ReachedAsync(ProtocolStep.NextChunkSent, ct);
        }
    }

    /// <summary>Sends the message of the chunk's next run, due when the chunk's wait is over.</summary>
    private async Task HandOverAsync(Chunk chunk, CancellationToken ct)
    {
        var delay = chunk.NotBefore - time.GetUtcNow() ?? TimeSpan.Zero;
        await queues.SendChunkAsync(chunk.Batch, chunk.Number, delay, ct);
        await steps.ReachedAsync(ProtocolStep.HandOverSent, ct);
        await queues.AskAdvanceAsync(chunk.Batch, ct);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Batch {BatchId}, chunk {Chunk}: the claim of epoch {Epoch} was overtaken; its late results are discarded.")]
        public static partial void Overtaken(ILogger logger, string batchId, int chunk, int epoch);
    }
}
