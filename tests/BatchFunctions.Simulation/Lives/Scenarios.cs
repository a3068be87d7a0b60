namespace BatchFunctions.Simulation.Lives;

/// <summary>Situations that chance alone comes to too seldom. One life in seven is about one of them, in turn by the seed.</summary>
/// <remarks>One list, and so longer than other files.</remarks>
internal static class Scenarios
{
    private const int OneIn = 7;

    private static readonly (string Method, string Path)[] AllWrites =
    [
        ("POST", "activebatches"), ("PATCH", "activebatches"), ("DELETE", "activebatches"),
        ("POST", "batches"), ("PUT", "batches("), ("DELETE", "batches("),
        ("POST", "chunks"), ("PUT", "chunks("), ("DELETE", "chunks("), ("POST", "$batch"),
        ("POST", "pending"), ("PUT", "pending("), ("DELETE", "pending("),
        ("POST", "files"), ("PUT", "files("), ("DELETE", "files("),
        ("POST", "expiring"), ("DELETE", "expiring("), ("POST", "deliveries"), ("PUT", "deliveries("), ("DELETE", "deliveries("),
        ("POST", "fleet"), ("PUT", "fleet("), ("PUT", "webhooks("),
        ("POST", "batch-steps/"), ("POST", "batch-chunk/"),
        ("PUT", "batches/"), ("DELETE", "batches/"), ("PUT", "files/"), ("DELETE", "files/"),
    ];

    private static readonly (string Method, string Path)[] AllRequests =
    [
        .. AllWrites,
        ("GET", "activebatches"), ("GET", "batches("), ("GET", "chunks"), ("GET", "pending("), ("GET", "files("), ("GET", "expiring"),
        ("GET", "deliveries("), ("GET", "fleet("), ("GET", "batches/"), ("GET", "files/"),
    ];

    private static readonly (string Name, Func<Dice, Scenario> Make)[] All =
    [
        ("lost answers", LostAnswers),
        ("late advance", LateAdvance),
        ("overtaken commit", OvertakenCommit),
        ("frozen sender", FrozenSender),
        ("late retry", LateRetry),
        ("two inputs", TwoInputs),
        ("lost creation", LostCreation),
        ("deletion beside retry", DeletionBesideRetry),
        ("deletion beside clearing", DeletionBesideClearing),
        ("receiver away", ReceiverAway),
        ("lost delivery", LostDelivery),
        ("sweeper dies", SweeperDies),
        ("nobody asks", NobodyAsks),
        ("upstream away", UpstreamAwayFor),
        ("poisoned together", PoisonedTogether),
        ("any request", AnyRequest),
    ];

    /// <summary>How far seeds are apart that are about the same.</summary>
    public static int Step => OneIn * All.Length;

    /// <summary>What a seed's life is about, and its name; null for all that may come.</summary>
    public static (string Name, Scenario Scenario)? Of(int seed)
    {
        if (seed % OneIn != OneIn - 1)
        {
            return null;
        }

        var (name, make) = All[seed / OneIn % All.Length];
        return (name, make(new Dice(seed, 10_000)));
    }

    /// <summary>
    /// A worker dies at a step: the first, the second or the third that comes to it. Something is left to discard only where another died before.
    /// </summary>
    public static (string Name, Scenario Scenario) DeathAt(string step, int seed) => ($"death at {step}", new(
    [
        new Ambush(AmbushKind.Death) { Steps = [step], After = new Dice(seed, 10_000).Below(3) },
        .. step == "LeftoversDiscarded" ? (Ambush[])[new Ambush(AmbushKind.Death) { Steps = ["OutputSegmentStored"] }] : [],
    ]));

    /// <summary>The first seed that is about something.</summary>
    /// <exception cref="ArgumentException">There is nothing of that name.</exception>
    public static int FirstOf(string name) => Array.FindIndex(All, one => one.Name == name) is >= 0 and var found
        ? OneIn - 1 + (OneIn * found)
        : throw new ArgumentException($"There is no scenario of the name {name}.", nameof(name));

    /// <summary>Answers to writes are lost, and to what is written again none: whoever takes a refusal for another's write does it twice, or not at all.</summary>
    private static Scenario LostAnswers(Dice dice) => new(
        new Ambush(AmbushKind.AnswerLost)
        {
            Requests = AllWrites,
            Chance = dice.Seconds(0.1, 0.7).TotalSeconds,
            Most = int.MaxValue,
        })
    {
        IsGentle = true,
        IsPrompt = true,
        LeastWorkers = 2,
    };

    /// <summary>An advance is late that has seen chunks which have not ended: when they do, another is asked for.</summary>
    private static Scenario LateAdvance(Dice dice) => new(
        new Ambush(AmbushKind.HoldUp)
        {
            Steps = ["ChunksSummed", "AdvanceTakenUp"],
            After = dice.Below(3),
            Most = 4,
            When = static watch => !watch.HasAllEnded,
            Stands = (5, 40),
        })
    {
        IsGentle = true,
        LeastWorkers = 2,
        MostBatches = 1,
        SlowestLine = dice.Seconds(2, 12).TotalSeconds,
        ChunkLines = dice.Between(2, 4),
        Change = batch => batch with
        {
            Lines = Math.Max(batch.Lines, 24),
            CancelAfter = null,
            DeleteInputAfter = null,
            DeleteInputBeside = null,
            LoseInputAfter = null,
            BadLine = null,
            RetryAfter = null,
        },
    };

    /// <summary>A commit lands, and its writer is frozen before it knows, for longer than its lease.</summary>
    private static Scenario OvertakenCommit(Dice dice) => new(
        new Ambush(AmbushKind.AnswerLostAndFreeze) { Requests = [("PUT", "chunks(")], After = dice.Below(10), Most = 3, Stands = (20, 120) })
    {
        LeastWorkers = 2,
        MostBatches = 1,
        LeastCalmAt = Minutes(2),
        SlowestLine = dice.Seconds(2, 8).TotalSeconds,
        ChunkLines = dice.Between(4, 8),
        Change = static batch => Long(batch),
    };

    /// <summary>A worker is frozen over a claim, for longer than its lease.</summary>
    private static Scenario FrozenSender(Dice dice) => new(
        new Ambush(AmbushKind.Freeze)
        {
            Steps = dice.Of<string[]>([["ChunkClaimed"], ["ChunkClaimed", "CheckpointWritten"], ["OutputSegmentStored"]]),
            After = dice.Below(3),
            Most = 3,
            Stands = (16, 120),
        })
    {
        LeastWorkers = 2,
        MostBatches = 1,
        LeastCalmAt = Minutes(2),
        SlowestLine = dice.Seconds(2, 8).TotalSeconds,
        ChunkLines = dice.Between(4, 20),
        Change = static batch => Long(batch),
    };

    /// <summary>A retry is named, and its row written when another has taken its place.</summary>
    private static Scenario LateRetry(Dice dice) => new(
        new Ambush(AmbushKind.HoldUp) { Requests = [("POST", "batches")], After = 1 + dice.Below(2), Most = 2, Stands = (125, 290) })
    {
        MostBatches = 1,
        LeastCalmAt = Minutes(7),
        Change = batch => WithRetry(batch, dice),
    };

    /// <summary>Two make the input of a retry, one of them so late that its chunks are cut.</summary>
    private static Scenario TwoInputs(Dice dice) => new(
        new Ambush(AmbushKind.Freeze) { Requests = [("PUT", "files/")], After = 1, Most = 2, Stands = (30, 120) })
    {
        LeastWorkers = 2,
        MostBatches = 1,
        LeastCalmAt = Minutes(7),
        Change = batch => WithRetry(batch, dice),
    };

    /// <summary>Whoever has made a batch dies before he tells anybody, and nobody asks again.</summary>
    private static Scenario LostCreation(Dice dice) => new(
        new Ambush(AmbushKind.Death) { Steps = [dice.Of(["BatchRowWritten", "ActiveRowWritten"])] })
    {
        MostBatches = 1,
        HasSweepsAtStart = false,
        LeastCalmAt = Minutes(2),
        Change = static batch => batch with { Tries = 1, DeleteInputBeside = null },
    };

    /// <summary>A batch is deleted, slowly, beside its retry.</summary>
    private static Scenario DeletionBesideRetry(Dice dice) => new(
        new Ambush(AmbushKind.HoldUp) { Requests = [("POST", "expiring")], Most = int.MaxValue, Chance = 0.5, Stands = (0.05, 8) })
    {
        MostBatches = 1,
        LeastCalmAt = Minutes(4),
        Change = batch => WithRetry(batch, dice) with { DeleteBesideRetry = dice.Seconds(0.001, 2) },
    };

    /// <summary>A batch is deleted by its client as it has ended, and cannot be cleared away yet.</summary>
    private static Scenario DeletionBesideClearing(Dice dice) => new(
        new Ambush(AmbushKind.Failed) { Requests = [dice.Of([("POST", "deliveries"), ("GET", "webhooks"), ("GET", "usage")])], From = dice.Seconds(1, 10), Most = int.MaxValue })
    {
        MostBatches = 1,
        LeastCalmAt = Minutes(2),
        Change = batch => batch with { DeleteAfter = dice.Seconds(0.001, 20), RetryAfter = null },
    };

    /// <summary>The receiver takes no event for so long that there are waits without a message.</summary>
    private static Scenario ReceiverAway(Dice dice) => new() { IsGentle = true, IsPrompt = true, MostBatches = 1, ReceiverAwayUntil = dice.Seconds(900, 5000) };

    /// <summary>A worker dies when it has written what came of an attempt.</summary>
    private static Scenario LostDelivery(Dice dice) => new(
        new Ambush(AmbushKind.Death) { Steps = ["AttemptWritten"], After = dice.Below(3), Most = 2 })
    {
        MostBatches = 1,
        HasSweepsAtStart = false,
        LeastCalmAt = Minutes(3),
        ToldAfter = Minutes(30),
        Change = static batch => batch with { RetryAfter = null, DeleteAfter = null },
    };

    /// <summary>A worker dies over a sweep that takes long.</summary>
    private static Scenario SweeperDies(Dice dice) => new(
        new Ambush(AmbushKind.HoldUp) { Requests = [("GET", "batches(")], From = TimeSpan.FromSeconds(5), Most = int.MaxValue, Stands = (3, 9) },
        new Ambush(AmbushKind.Death) { Steps = ["SweepHeld"], After = dice.Below(3), Most = 2 })
    {
        MostWorkers = 2,
        MostBatches = 1,
        HasSweepsAtStart = false,
        LeastCalmAt = Minutes(2),
        SlowestLine = 30,
        ChunkLines = dice.Between(2, 4),
        SweepInterval = TimeSpan.FromSeconds(10),
        Change = static batch => Long(batch) with { LooksEvery = Minutes(30) },
    };

    /// <summary>A worker dies with the sweep's message in hand, and no client asks how its batch is getting on.</summary>
    private static Scenario NobodyAsks(Dice dice) => new(
        new Ambush(AmbushKind.Death) { Steps = ["SweepTakenUp"], After = dice.Below(3) })
    {
        LeastWorkers = 2,
        MostWorkers = 3,
        MostBatches = 1,
        HasSweepsAtStart = false,
        LeastCalmAt = Minutes(1.5),
        SlowestLine = 40,
        ChunkLines = dice.Between(2, 4),
        SweepInterval = TimeSpan.FromSeconds(10),
        Change = static batch => Long(batch) with { LooksEvery = Minutes(30) },
    };

    /// <summary>The upstream is away for so long that batches rest, and who claims a chunk when it is back may die.</summary>
    private static Scenario UpstreamAwayFor(Dice dice)
    {
        var from = dice.Seconds(1, 30);
        var until = from + dice.Seconds(45, 120);
        return new(
        new Ambush(AmbushKind.Death) { Steps = [dice.Of(["ChunkClaimed", "LookMoved", "WokenNoted", "RestNoted"])], From = from + Minutes(0.5), After = dice.Below(4) })
        {
            IsPrompt = true,
            LeastWorkers = 2,
            MostBatches = 1,
            LeastCalmAt = until + Minutes(0.5),
            UpstreamAway = [(from, until)],
            ChunkLines = dice.Between(1, 3),
            Change = static batch => Long(batch),
        };
    }

    /// <summary>Copies of a chunk's message fail together.</summary>
    private static Scenario PoisonedTogether(Dice dice) => new(
        new Ambush(AmbushKind.AnswerLost) { Requests = [("POST", "batch-chunk/")], Most = dice.Between(1, 4) },
        new Ambush(AmbushKind.Failed) { Requests = [("PUT", "chunks(")], Most = int.MaxValue, From = dice.Seconds(5, 40) })
    {
        MostBatches = 1,
        LeastCalmAt = Minutes(5),
        ChunkLines = dice.Between(4, 10),
    };

    /// <summary>Something befalls who makes requests of one kind.</summary>
    private static Scenario AnyRequest(Dice dice) => new(
        new Ambush(dice.Of([AmbushKind.Death, AmbushKind.Freeze, AmbushKind.HoldUp, AmbushKind.AnswerLost, AmbushKind.AnswerLostAndFreeze, AmbushKind.Failed]))
        {
            Requests = [dice.Of(AllRequests)],
            After = (int)dice.Seconds(1, 30).TotalSeconds - 1,
            Most = dice.Of([1, 2, 6]),
            Stands = (1, 200),
        })
    {
        LeastCalmAt = Minutes(2),
    };

    private static TimeSpan Minutes(double minutes) => TimeSpan.FromMinutes(minutes);

    /// <summary>A batch whose lines are all sent, and that takes a while.</summary>
    private static BatchPlan Long(BatchPlan batch) => batch with
    {
        Lines = Math.Max(batch.Lines, 24),
        CancelAfter = null,
        DeleteInputBeside = null,
        LoseInputAfter = null,
        BadLine = null,
    };

    /// <summary>A batch of which something is left over, and is sent once more.</summary>
    private static BatchPlan WithRetry(BatchPlan batch, Dice dice) => batch with
    {
        Lines = Math.Max(batch.Lines, 4),
        At = TimeSpan.FromSeconds(1),
        RefusedEach = 2,
        RetryAfter = dice.Seconds(0.1, 5),
        RetriesTwice = dice.Happens(0.5),
        CancelAfter = null,
        DeleteInputAfter = null,
        DeleteInputBeside = null,
        LoseInputAfter = null,
        DeletesResults = false,
        BadLine = null,
    };
}
