using BatchFunctions.Proof.Storage;
using BatchFunctions.Proof.Workers;
using BatchFunctions.SelfHost.Azurite;

namespace BatchFunctions.Proof;

/// <summary>
/// Storage that fails: one call in twenty is answered with 500 or 503, or its connection is cut before or after storage
/// has carried it out; blobs are written slowly; and now and then storage is stopped under load and started again.
/// </summary>
internal static class StorageProof
{
    private const int Workers = 2;
    private const double FaultShare = 0.05;

    /// <summary>Runs it.</summary>
    /// <param name="rounds">How often new batches are made and storage is stopped and started.</param>
    public static async Task<Tally> RunAsync(int rounds)
    {
        var tally = new Tally("storage");
        var folder = Directory.CreateTempSubdirectory("batchfunctions-proof-").FullName;
        var azurite = await StartAsync(folder);
        try
        {
            // The proof's own calls follow storage to its new ports too, and none of them is made to fail.
            await using var faulty = await StorageProxy.StartAsync(ConnectionOf(azurite), new FaultPlan(1, FaultShare, 0, tally), ProofStorage.SlowBlobs());
            await using var plain = await StorageProxy.StartAsync(ConnectionOf(azurite), new FaultPlan(1, 0, 0, tally));
            await WorkerRounds.RunAsync(
                Workers,
                rounds,
                (plain.ConnectionString(ConnectionOf(azurite)), faulty.ConnectionString(ConnectionOf(azurite))),
                async round =>
                {
                    await Task.Delay(round.Random.Next(0, 1500));
                    await azurite.DisposeAsync();
                    await Task.Delay(round.Random.Next(500, 3000));
                    azurite = await StartAsync(folder);
                    faulty.Follow(ConnectionOf(azurite));
                    plain.Follow(ConnectionOf(azurite));
                    tally.Add(Count.Restarts);
                },
                tally);
        }
        finally
        {
            await azurite.DisposeAsync();
            Directory.Delete(folder, recursive: true);
        }

        return tally;
    }

    private static Task<AzuriteServer> StartAsync(string folder) => ProofStorage.StartAsync(accounts: 1, folder);

    private static string ConnectionOf(AzuriteServer azurite) => azurite.ConnectionString(ProofStorage.AccountOf(0));
}
