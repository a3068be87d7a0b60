using BatchFunctions.Proof.Batches;
using BatchFunctions.Testing;

namespace BatchFunctions.Proof.Workers;

/// <summary>Workers side by side on the same queues, which live through everything that a proof does to them or to storage.</summary>
internal static class WorkerRounds
{
    private static readonly TimeSpan EndLimit = TimeSpan.FromMinutes(8);

    /// <summary>Starts the workers, and makes new batches in each round until the last; then everything must end.</summary>
    /// <param name="count">How many workers.</param>
    /// <param name="rounds">How many rounds.</param>
    /// <param name="connections">The storage account as the proof itself reaches it, and as the workers do.</param>
    /// <param name="disturb">Does what the round is about, while its batches are under way.</param>
    /// <param name="tally">Takes what is found.</param>
    public static async Task RunAsync(
        int count,
        int rounds,
        (string Proof, string Workers) connections,
        Func<Round, Task> disturb,
        Tally tally)
    {
        await using var upstream = await new ScriptedUpstream().Answer(ProofBatches.Answer).StartAsync();
        await using var account = await Account.OpenAsync(WorkerSettings.Of(connections.Proof, upstream.Address).Expiring());
        await using var events = await ProofEvents.StartAsync(account, tally);
        using var batches = new ProofBatches(account, upstream, events, tally);
        using var ended = new CancellationTokenSource();
        var watch = batches.WatchAsync(ended.Token);
        var settings = WorkerSettings.Of(connections.Workers, upstream.Address);
        var workers = Enumerable.Range(0, count).Select(_ => WorkerProcess.Start(settings)).ToList();
        try
        {
            var addresses = await Task.WhenAll(workers.Select(worker => worker.ReadyAsync()));
            var random = new Random(rounds);
            for (var round = 0; round < rounds; round++)
            {
                // Asked is the worker that nothing is done to in this round.
                var fed = batches.FeedAsync(addresses[(round + 1) % count]);
                await batches.UntilUnderWayAsync();
                await disturb(new Round(workers[round % count], random));
                await fed;
            }

            await batches.EndAsync(EndLimit);
        }
        finally
        {
            workers.ForEach(worker => worker.Dispose());
        }

        await ended.CancelAsync();
        await watch;
    }

    /// <summary>What a round goes by.</summary>
    /// <param name="Worker">The worker that something may be done to.</param>
    /// <param name="Random">Chance.</param>
    internal sealed record Round(ChildProcess Worker, Random Random);
}
