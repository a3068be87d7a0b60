using BatchFunctions.Proof.Batches;
using BatchFunctions.Proof.Storage;
using BatchFunctions.Proof.Workers;
using BatchFunctions.SelfHost.Azurite;
using BatchFunctions.Testing;

namespace BatchFunctions.Proof;

/// <summary>
/// Storage that fails: one call in twenty is answered with 500 or 503, or its connection is cut before or after storage
/// has carried it out; and now and then storage is stopped under load and started again.
/// </summary>
internal static class StorageProof
{
    private const int Workers = 2;
    private const double FaultShare = 0.05;
    private static readonly TimeSpan EndLimit = TimeSpan.FromMinutes(8);

    /// <summary>Runs it.</summary>
    /// <param name="rounds">How often new batches are made and storage is stopped and started.</param>
    public static async Task<Tally> RunAsync(int rounds)
    {
        var tally = new Tally("storage");
        var folder = Directory.CreateTempSubdirectory("batchfunctions-proof-").FullName;
        var azurite = await ProofStorage.StartAsync(accounts: 1, folder);
        try
        {
            azurite = await RunAsync(azurite, folder, rounds, tally);
        }
        finally
        {
            await azurite.DisposeAsync();
            Directory.Delete(folder, recursive: true);
        }

        return tally;
    }

    private static async Task<AzuriteServer> RunAsync(AzuriteServer azurite, string folder, int rounds, Tally tally)
    {
        // The proof's own calls follow storage to its new ports too, and none of them is made to fail.
        await using var faulty = await StorageProxy.StartAsync(azurite, new Mischief(1, FaultShare, 0, tally));
        await using var plain = await StorageProxy.StartAsync(azurite, new Mischief(1, 0, 0, tally));
        await using var upstream = await new ScriptedUpstream().Answer(Course.Answer).StartAsync();
        var name = ProofStorage.AccountOf(0);
        await using var account = await Account.OpenAsync(
            WorkerSettings.Of(plain.ConnectionString(azurite, name), upstream.Address).Expiring());
        using var course = new Course(account, upstream, tally);
        using var ended = new CancellationTokenSource();
        var watch = course.WatchAsync(ended.Token);
        var settings = WorkerSettings.Of(faulty.ConnectionString(azurite, name), upstream.Address);
        var workers = Enumerable.Range(0, Workers).Select(_ => WorkerProcess.Start(settings)).ToList();
        try
        {
            var addresses = await Task.WhenAll(workers.Select(worker => worker.ReadyAsync()));
            var random = new Random(rounds);
            for (var round = 0; round < rounds; round++)
            {
                var fed = course.FeedAsync(addresses[round % Workers]);
                await course.UntilUnderWayAsync();
                await Task.Delay(random.Next(0, 1500));
                await azurite.DisposeAsync();
                await Task.Delay(random.Next(500, 3000));
                azurite = await ProofStorage.StartAsync(accounts: 1, folder);
                faulty.Follow(azurite);
                plain.Follow(azurite);
                tally.Add(Count.Restarts);
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
        return azurite;
    }
}
