using System.Globalization;
using BatchFunctions.Proof.Batches;
using BatchFunctions.Proof.Storage;
using BatchFunctions.Proof.Workers;
using BatchFunctions.Protocol;
using BatchFunctions.Testing;

namespace BatchFunctions.Proof;

/// <summary>
/// Workers that die: killed at every named step of the protocol in turn and at random moments, over batches that
/// complete, are cancelled, expire and have a wrong input. A chain of workers takes up what the one before has left;
/// the last one lives until nothing is left to do. One of the chains writes its blobs slowly.
/// </summary>
internal static class CrashProof
{
    private const int Chains = 4;

    /// <summary>The chain whose workers write blobs slowly.</summary>
    private const int SlowChain = 3;
    private const int TimedKills = 8;
    private const int LivesPerKill = 10;
    private const string AtRandom = "a random moment";

    /// <summary>Lives after which one dies at the first time that a step is reached: a life may not have a third.</summary>
    private const int LivesForLater = 2;

    /// <summary>What a life's batches lead to once, or once for certain: how many chunks lie idle at a cancel is chance.</summary>
    private static readonly ProtocolStep[] OncePerLife =
        [ProtocolStep.CancelWritten, ProtocolStep.ValidationFailedWritten, ProtocolStep.CloseWritten, ProtocolStep.LeftoversDiscarded];

    /// <summary>
    /// Reached by batches alone that fail while their lines are sent, by who deletes files, batches and projects, and by retries: these have none
    /// of them. Nor do they rest, wait for an upstream that is away, or grow an hour old. Tests of their own have a process die at each.
    /// </summary>
    private static readonly ProtocolStep[] Never =
    [
        ProtocolStep.ChunksEndedByForce, ProtocolStep.FileTombstoneWritten, ProtocolStep.RetryNamed, ProtocolStep.RetryInputStaged, ProtocolStep.RetryInputCommitted, ProtocolStep.RetryInputWritten,
        ProtocolStep.BatchTombstoneWritten, ProtocolStep.DeletedBatchFilesGone, ProtocolStep.DeletedBatchBlobsGone, ProtocolStep.DeletedBatchRetryMoved, ProtocolStep.DeletedBatchUnlinked, ProtocolStep.DeletedBatchRowRemoved,
        ProtocolStep.ProjectKeysRevoked, ProtocolStep.ProjectBatchEnded, ProtocolStep.ProjectBlobRemoved, ProtocolStep.ProjectRowRemoved, ProtocolStep.ProjectErased,
        ProtocolStep.LookMoved, ProtocolStep.WaitNoted, ProtocolStep.RestNoted, ProtocolStep.WokenNoted, ProtocolStep.WokenSent,
        ProtocolStep.BatchesIndexed, ProtocolStep.IndexMarkMoved,
    ];

    /// <summary>A step is reached within three seconds, and within many on a busy machine.</summary>
    private static readonly TimeSpan ReachLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan EndLimit = TimeSpan.FromMinutes(8);

    /// <summary>Runs it.</summary>
    /// <param name="rounds">How often each step is fatal.</param>
    /// <param name="oneIn">Of how many kills one is carried out: a process that is killed and the next one cost seconds of a processor.</param>
    public static async Task<Tally> RunAsync(int rounds, int oneIn = 1)
    {
        var tally = new Tally("crashes");
        for (var round = 0; round < rounds; round++)
        {
            // Each round on a storage of its own: what is looked at again and again, and read at the end, is one round's.
            await using var storage = await StrictAccounts.StartAsync(Chains);
            await using var slow = await StorageProxy.StartAsync(storage.Served(SlowChain), new FaultPlan(1, 0, 0, tally), ProofStorage.SlowBlobs());
            var random = new Random(round);
            string[] kills = [.. KillsOf(round, random).Where((_, index) => index % oneIn == 0)];
            await Task.WhenAll(Enumerable.Range(0, Chains).Select(chain => RunChainAsync(
                storage.Own(chain),
                chain == SlowChain ? slow.ConnectionString(storage.Served(chain)) : storage.Served(chain),
                [.. kills.Where((_, index) => index % Chains == chain)],
                new Random(random.Next()),
                tally)));
            if (round + 1 < rounds)
            {
                Console.Error.WriteLine($"round {round + 1} of {rounds}: {tally}");
            }
        }

        return tally;
    }

    /// <summary>Each step, in the first round for the first time that it is reached and then for later ones, and random moments between.</summary>
    private static string[] KillsOf(int round, Random random)
    {
        string[] kills =
        [
            .. Enum.GetValues<ProtocolStep>().Except(Never).Select(step => string.Create(
                CultureInfo.InvariantCulture, $"{step}:{(round == 0 || OncePerLife.Contains(step) ? 1 : random.Next(1, 4))}")),
            .. Enumerable.Repeat(AtRandom, TimedKills),
        ];
        random.Shuffle(kills);
        return kills;
    }

    /// <param name="connection">The storage as the proof itself reaches it.</param>
    /// <param name="workersConnection">The same as the workers do.</param>
    /// <param name="kills">Where workers die, one after the other.</param>
    /// <param name="random">Chance.</param>
    /// <param name="tally">Takes what is found.</param>
    private static async Task RunChainAsync(
        string connection, string workersConnection, IReadOnlyList<string> kills, Random random, Tally tally)
    {
        await using var upstream = await new ScriptedUpstream().Answer(ProofBatches.Answer).StartAsync();
        var settings = WorkerSettings.Of(workersConnection, upstream.Address);
        await using var account = await Account.OpenAsync(WorkerSettings.Of(connection, upstream.Address).Expiring());
        await using var events = await ProofEvents.StartAsync(account, tally);
        using var batches = new ProofBatches(account, upstream, events, tally);
        using var ended = new CancellationTokenSource();
        var watch = batches.WatchAsync(ended.Token);
        foreach (var kill in kills)
        {
            var isDone = false;
            for (var life = 0; life < LivesPerKill && !isDone; life++)
            {
                var fatal = life < LivesForLater || kill == AtRandom ? kill : $"{kill.Split(':')[0]}:1";
                using var worker = WorkerProcess.Start(settings, fatal == AtRandom ? null : fatal);
                isDone = await LiveAsync(worker, fatal, batches, random);
                tally.Add(Count.Kills);
                await batches.NoteCommittedAsync();
            }

            if (!isDone)
            {
                tally.Violate($"{kill} was not reached in {LivesPerKill} lives: what it would show is not shown");
            }
        }

        using (var last = WorkerProcess.Start(settings))
        {
            await last.ReadyAsync();
            await batches.EndAsync(EndLimit, last.Log);
        }

        // A result that is left is counted and is no violation: a request of a worker that was killed may be carried out when its batch has
        // been cleared away, and what it stores goes a day later.
        await ended.CancelAsync();
        await watch;
    }

    /// <returns>Whether it died where it was meant to.</returns>
    private static async Task<bool> LiveAsync(ChildProcess worker, string kill, ProofBatches batches, Random random)
    {
        try
        {
            var address = await worker.ReadyAsync();
            var fed = batches.FeedAsync(address);
            if (kill == AtRandom)
            {
                await Task.Delay(random.Next(200, 3500));
                await worker.KillAsync();
            }
            else if (!await worker.EndsWithinAsync(ReachLimit))
            {
                // On a busy machine it may not get there in time; then it dies elsewhere, and another tries.
                await worker.KillAsync();
                await fed;
                return false;
            }

            await fed;
            return true;
        }
        catch (InvalidOperationException) when (worker.HasEnded)
        {
            // What the one before has left brought it to its step before it was ready.
            return true;
        }
    }
}
