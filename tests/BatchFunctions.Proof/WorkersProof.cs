using BatchFunctions.Proof.Batches;
using BatchFunctions.Proof.Storage;
using BatchFunctions.Proof.Workers;
using BatchFunctions.Testing;

namespace BatchFunctions.Proof;

/// <summary>
/// Workers side by side on the same queues: every message comes twice, the second time so late that others have
/// overtaken it, and one worker after the other is frozen past its leases and woken again.
/// </summary>
internal static class WorkersProof
{
    private const int Workers = 3;
    private static readonly TimeSpan EndLimit = TimeSpan.FromMinutes(8);

    /// <summary>Runs it.</summary>
    /// <param name="rounds">How often a worker is frozen, with new batches each time.</param>
    public static async Task<Tally> RunAsync(int rounds)
    {
        var tally = new Tally("workers");
        await using var azurite = await ProofStorage.StartAsync(accounts: 1);
        await using var proxy = await StorageProxy.StartAsync(azurite, new Mischief(1, 0, repeatShare: 1, tally));
        await using var upstream = await new ScriptedUpstream().Answer(Course.Answer).StartAsync();
        var name = ProofStorage.AccountOf(0);
        await using var account = await Account.OpenAsync(
            WorkerSettings.Of(azurite.ConnectionString(name), upstream.Address).Expiring());
        using var course = new Course(account, upstream, tally);
        using var ended = new CancellationTokenSource();
        var watch = course.WatchAsync(ended.Token);
        var settings = WorkerSettings.Of(proxy.ConnectionString(azurite, name), upstream.Address);
        var workers = Enumerable.Range(0, Workers).Select(_ => WorkerProcess.Start(settings)).ToList();
        try
        {
            var addresses = await Task.WhenAll(workers.Select(worker => worker.ReadyAsync()));
            var random = new Random(rounds);
            for (var round = 0; round < rounds; round++)
            {
                var frozen = round % Workers;
                var fed = course.FeedAsync(addresses[(round + 1) % Workers]);
                await course.UntilUnderWayAsync();
                await Task.Delay(random.Next(0, 700));
                await workers[frozen].FreezeAsync();
                await Task.Delay(WorkerTimes.MessageLease + TimeSpan.FromMilliseconds(random.Next(200, 1500)));
                await workers[frozen].WakeAsync();
                tally.Add(Count.Freezes);
                await fed;
            }

            await course.EndAsync(EndLimit);
        }
        finally
        {
            workers.ForEach(worker => worker.Dispose());
        }

        await ended.CancelAsync();
        await watch;
        return tally;
    }
}
