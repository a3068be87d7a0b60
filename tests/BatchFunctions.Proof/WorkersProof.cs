using BatchFunctions.Proof.Storage;
using BatchFunctions.Proof.Workers;

namespace BatchFunctions.Proof;

/// <summary>
/// Workers side by side on the same queues: every message comes twice, the second time so late that others have
/// overtaken it, blobs are written slowly, and one worker after the other is frozen past its leases and woken again.
/// </summary>
internal static class WorkersProof
{
    private const int Workers = 3;

    /// <summary>Runs it.</summary>
    /// <param name="rounds">How often a worker is frozen, with new batches each time.</param>
    public static async Task<Tally> RunAsync(int rounds)
    {
        var tally = new Tally("workers");
        await using var storage = await StrictAccounts.StartAsync(1);
        await using var proxy = await StorageProxy.StartAsync(storage.Served(0), new FaultPlan(1, 0, repeatShare: 1, tally), ProofStorage.SlowBlobs());
        await WorkerRounds.RunAsync(
            Workers,
            rounds,
            (storage.Own(0), proxy.ConnectionString(storage.Served(0))),
            async round =>
            {
                await Task.Delay(round.Random.Next(0, 700));
                await round.Worker.FreezeAsync();
                await Task.Delay(WorkerTimes.MessageLease + TimeSpan.FromMilliseconds(round.Random.Next(200, 1500)));
                await round.Worker.WakeAsync();
                tally.Add(Count.Freezes);
            },
            tally);
        return tally;
    }
}
