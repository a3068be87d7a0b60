using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Configuration;
using BatchFunctions.Memory;
using BatchFunctions.Projects;
using BatchFunctions.Protocol;
using BatchFunctions.Telemetry;
using BatchFunctions.Upstream;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Processing;

/// <summary>Claims chunks, and puts a run together for each claim out of what all runs of the process share.</summary>
internal sealed class ChunkRuns(
    ChunkStore chunks,
    ChunkInput input,
    ResultBlobs blobs,
    BatchQueues queues,
    BatchWatch watch,
    SweepGuard guard,
    BatchLooks looks,
    UpstreamClient upstream,
    ProjectReader projects,
    ResultBacklog backlog,
    ByteBudget memory,
    BatchMetrics metrics,
    ProtocolSteps steps,
    IOptions<BatchOptions> options,
    TimeProvider time,
    ILogger<ChunkRun> logger)
{
    private readonly BatchOptions _options = options.Value;

    /// <summary>
    /// Claims a chunk. The sweep is told first when the lease would be over; a crash in between has it look for nothing, and leaves the
    /// message.
    /// </summary>
    /// <returns>The chunk as claimed; null where another write came between.</returns>
    public async Task<Chunk?> TryClaimAsync(Chunk chunk, CancellationToken ct)
    {
        await looks.SeeToAsync(chunk.Batch, chunk.Number, ct);
        if (await chunks.TryUpdateAsync(chunk.Claim(time.GetUtcNow() + _options.Lease), ct) is not { } claimed)
        {
            return null;
        }

        await steps.ReachedAsync(ProtocolStep.ChunkClaimed, ct);
        return claimed;
    }

    /// <summary>Inserts a chunk that is claimed from the beginning; null if it is there already.</summary>
    public async Task<Chunk?> TryInsertClaimedAsync(Chunk chunk, CancellationToken ct)
    {
        await looks.SeeToAsync(chunk.Batch, chunk.Number, ct);
        return await chunks.TryInsertAsync(chunk.ClaimNew(time.GetUtcNow() + _options.Lease), ct);
    }

    /// <summary>Runs a claimed chunk until it has ended, or is given up or lost to another run.</summary>
    /// <returns>How the run ended, and the chunk as its last write left it.</returns>
    /// <exception cref="ChunkFaultException">The chunk is given up for a fault; its message should come again.</exception>
    public async Task<(ChunkRunEnd End, Chunk Chunk)> RunAsync(Batch batch, Chunk claimed, CancellationToken ct)
    {
        var left = new LinesLeft(claimed);
        using var results = new LineResults(left, backlog, memory);
        var outcomes = new LineOutcomes(claimed, results, left, metrics, time, logger);
        var lease = new SendingLease(claimed.LeaseUntil!.Value, time);
        using var sender = new LineSender(batch, claimed, input, upstream, projects, left, results, outcomes, lease, time);
        var claim = new ChunkClaim(claimed, left, lease, chunks, _options.Lease, time, logger);
        var commits = new SegmentCommits(claim, blobs, backlog, steps, metrics, time, logger);
        using var checkpoints = new ChunkCheckpoints(claim, results, commits, steps);
        var running = new RunningBatch(batch, watch, guard, queues, upstream, time);
        var run = new ChunkRun(running, claim, input, sender, left, results, checkpoints, _options, time, logger);
        var end = await run.RunAsync(ct);
        if (end != ChunkRunEnd.HandedOver)
        {
            await guard.LookAsync(ct);
        }

        return (end, checkpoints.Chunk);
    }
}
