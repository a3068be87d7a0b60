using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Protocol;
using BatchFunctions.Telemetry;
using BatchFunctions.Upstream;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Processing;

/// <summary>
/// What follows the last write of a chunk's run: an advance of the batch, or a message for the next run.
/// </summary>
internal sealed partial class ChunkFollowUp(
    BatchAdvance advance,
    BatchQueues queues,
    BatchLooks looks,
    BatchWatch watch,
    UpstreamRegistry upstreams,
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
            case ChunkRunEnd.Ended when batch.IsUncounted && watch.TryTakeProgressTurn(batch.Key):
                // The first results that anybody sees of the batch: this one is not waited with for others.
                await queues.AskAdvanceNowAsync(batch.Key, limit.Token);
                break;
            case ChunkRunEnd.Ended:
                await queues.AskAdvanceAsync(batch.Key, limit.Token);
                break;
            case ChunkRunEnd.Waits:
                await WaitAsync(batch, chunk, limit.Token);
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

    /// <summary>
    /// Notes in the batch's active row that the chunk waits for its upstream, in the place of a message, which would come only to be put
    /// off again. A crash before it leaves a chunk that says since when it is free, and this message, which comes again; the sweep finds
    /// either. Where it is not known which upstream it is that all of the chunk waits for, it has a message.
    /// </summary>
    private async Task WaitAsync(Batch batch, Chunk chunk, CancellationToken ct)
    {
        var entries = upstreams.EntriesOf(batch.Model);
        if ((batch.Model is null && upstreams.Upstreams.Count > 1)
            || !await looks.TryNoteWaitAsync(batch.Key, chunk.Number, [.. entries.Select(static one => one.Name)], ct))
        {
            await HandOverAsync(chunk, ct);
            return;
        }

        await steps.ReachedAsync(ProtocolStep.WaitNoted, ct);
        if (entries.Any(static one => !one.Gate.State.IsAway))
        {
            // It is back by now, and those who waited before may have been sent their messages already.
            await queues.SendWokenAsync(batch.Key, chunk.Number, ct);
        }

        if (chunk.Done.Count > 0)
        {
            await queues.AskAdvanceAsync(chunk.Batch, ct);
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
