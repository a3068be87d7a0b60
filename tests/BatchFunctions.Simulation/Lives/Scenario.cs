namespace BatchFunctions.Simulation.Lives;

/// <summary>
/// What a life is about, in one of seven: nothing else goes wrong in it, but for what the upstream does, the receiver and clients. Chance
/// alone comes to such a situation too seldom.
/// </summary>
/// <param name="Name">Its name.</param>
/// <param name="Ambushes">What befalls whoever comes to a certain point.</param>
internal sealed record Scenario(string Name, params IReadOnlyList<Ambush> Ambushes)
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

    /// <summary>Whether no worker comes to harm, and no request to storage but for what its repetition makes good.</summary>
    public bool IsGentle { get; init; }

    /// <summary>Whether nobody stands still.</summary>
    public bool IsPrompt { get; init; }

    public int LeastWorkers { get; init; } = 1;

    public int MostWorkers { get; init; } = 4;

    public int MostBatches { get; init; } = 3;

    /// <summary>When the life becomes calm at the earliest.</summary>
    public TimeSpan LeastCalmAt { get; init; }

    /// <summary>Whether a worker may sweep when it starts.</summary>
    public bool HasSweepsAtStart { get; init; } = true;

    /// <summary>When the upstream answers nobody; null where chance decides.</summary>
    public IReadOnlyList<(TimeSpan From, TimeSpan Until)>? UpstreamAway { get; init; }

    /// <summary>Until when the receiver takes no event.</summary>
    public TimeSpan ReceiverAwayUntil { get; init; }

    /// <summary>How long after the life has become calm all events are taken; null where that is open.</summary>
    public TimeSpan? ToldAfter { get; init; }

    /// <summary>What else is planned of a batch.</summary>
    public Func<BatchPlan, BatchPlan> Change { get; init; } = static batch => batch;

    /// <summary>What a seed's life is about; null for all that may come.</summary>
    public static Scenario? Of(int seed) => seed % OneIn == OneIn - 1 ? Of(new Dice(seed, 10_000), seed / OneIn) : null;

    private static Scenario Of(Dice dice, int number) => (number % 16) switch
    {
        0 => LostAnswers(dice),
        1 => LateAdvance(dice),
        2 => OvertakenCommit(dice),
        3 => FrozenSender(dice),
        4 => LateRetry(dice),
        5 => TwoInputs(dice),
        6 => LostCreation(dice),
        7 => DeletionBesideRetry(dice),
        8 => DeletionBesideClearing(dice),
        9 => ReceiverAway(dice),
        10 => LostDelivery(dice),
        11 => SweeperDies(dice),
        12 => NobodyAsks(dice),
        13 => UpstreamAwayFor(dice),
        14 => PoisonedTogether(dice),
        _ => AnyRequest(dice),
    };

    /// <summary>Answers to writes are lost, and to what is written again none: whoever takes a refusal for another's write does it twice, or not at all.</summary>
    private static Scenario LostAnswers(Dice dice) => new(
        "lost answers",
        new Ambush(AmbushKind.AnswerLost)
        {
            Requests = [.. AllWrites.Where(write => dice.Happens(0.7))],
            Chance = dice.Seconds(0.03, 0.5).TotalSeconds,
            Most = int.MaxValue,
        })
    {
        IsGentle = true,
        IsPrompt = true,
        LeastWorkers = 2,
    };

    /// <summary>An advance is late that has seen chunks which have not ended: when they do, another is asked for.</summary>
    private static Scenario LateAdvance(Dice dice) => new(
        "late advance",
        new Ambush(AmbushKind.HoldUp)
        {
            Steps = ["ChunksSummed", "AdvanceTakenUp"],
            After = dice.Below(4),
            Most = 4,
            When = static watch => !watch.HasAllEnded,
            Stands = (5, 40),
        })
    {
        IsGentle = true,
        LeastWorkers = 2,
        MostBatches = 1,
        Change = batch => batch with
        {
            Lines = Math.Max(batch.Lines, 12),
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
        "overtaken commit",
        new Ambush(AmbushKind.AnswerLostAndFreeze) { Requests = [("PUT", "chunks(")], After = dice.Below(12), Most = 3, Stands = (20, 120) })
    {
        LeastWorkers = 2,
        LeastCalmAt = Minutes(3),
    };

    /// <summary>A worker is frozen over a claim, for longer than its lease.</summary>
    private static Scenario FrozenSender(Dice dice) => new(
        "frozen sender",
        new Ambush(AmbushKind.Freeze)
        {
            Steps = dice.Of<string[]>([["ChunkClaimed"], ["CheckpointWritten"], ["ChunkClaimed", "OutputSegmentStored"], ["InProgressWritten"]]),
            After = dice.Below(4),
            Most = 3,
            Stands = (16, 120),
        })
    {
        LeastWorkers = 2,
        LeastCalmAt = Minutes(3),
    };

    /// <summary>A retry is named, and its row written when another has taken its place.</summary>
    private static Scenario LateRetry(Dice dice) => new(
        "late retry",
        new Ambush(AmbushKind.HoldUp) { Requests = [("POST", "batches")], After = 1 + dice.Below(2), Most = 2, Stands = (125, 290) })
    {
        MostBatches = 1,
        LeastCalmAt = Minutes(7),
        Change = batch => WithRetry(batch, dice),
    };

    /// <summary>Two make the input of a retry, one of them so late that its chunks are cut.</summary>
    private static Scenario TwoInputs(Dice dice) => new(
        "two inputs",
        new Ambush(AmbushKind.Freeze) { Requests = [("PUT", "files/")], After = 1, Most = 2, Stands = (30, 120) })
    {
        LeastWorkers = 2,
        MostBatches = 1,
        LeastCalmAt = Minutes(7),
        Change = batch => WithRetry(batch, dice),
    };

    /// <summary>Whoever has made a batch dies before he tells anybody, and nobody asks again.</summary>
    private static Scenario LostCreation(Dice dice) => new("lost creation", new Ambush(AmbushKind.Death) { Steps = [dice.Of(["BatchRowWritten", "ActiveRowWritten"])] })
    {
        MostBatches = 1,
        HasSweepsAtStart = false,
        LeastCalmAt = Minutes(2),
        Change = static batch => batch with { Tries = 1, DeleteInputBeside = null },
    };

    /// <summary>A batch is deleted, slowly, beside its retry.</summary>
    private static Scenario DeletionBesideRetry(Dice dice) => new(
        "deletion beside retry",
        new Ambush(AmbushKind.HoldUp) { Requests = [("POST", "expiring")], Most = int.MaxValue, Chance = 0.5, Stands = (0.05, 8) })
    {
        LeastCalmAt = Minutes(4),
        Change = batch => WithRetry(batch, dice) with { DeleteBesideRetry = dice.Seconds(0.001, 2) },
    };

    /// <summary>A batch is deleted by its client as it has ended, and whoever is about to clear it away dies.</summary>
    private static Scenario DeletionBesideClearing(Dice dice) => new(
        "deletion beside clearing",
        new Ambush(AmbushKind.Death)
        {
            Steps = dice.Of<string[]>([["BatchEndWritten"], ["DeliveryEntered"], ["DeliveryWritten", "DeliverySent"], ["UsageWritten"], ["ChunkRowsDeleted"]]),
            After = dice.Below(2),
            Most = 2,
        })
    {
        LeastCalmAt = Minutes(4),
        Change = batch => batch with { DeleteAfter = dice.Seconds(0.001, 20), RetryAfter = null },
    };

    /// <summary>The receiver takes no event for so long that there are waits without a message.</summary>
    private static Scenario ReceiverAway(Dice dice) => new("receiver away") { IsGentle = true, IsPrompt = true, ReceiverAwayUntil = dice.Seconds(900, 5000) };

    /// <summary>A worker dies when it has written what came of an attempt.</summary>
    private static Scenario LostDelivery(Dice dice) => new(
        "lost delivery",
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
        "sweeper dies",
        new Ambush(AmbushKind.HoldUp) { Requests = [("GET", "batches(")], From = TimeSpan.FromSeconds(5), Most = int.MaxValue, Stands = (3, 9) },
        new Ambush(AmbushKind.Death) { Steps = ["SweepHeld"], After = dice.Below(6), Most = 2 })
    {
        MostWorkers = 2,
        HasSweepsAtStart = false,
        LeastCalmAt = Minutes(2),
        Change = static batch => batch with { Lines = Math.Max(batch.Lines, 12), LooksEvery = Minutes(10) },
    };

    /// <summary>A worker dies with the sweep's message in hand, and no client asks how its batch is getting on.</summary>
    private static Scenario NobodyAsks(Dice dice) => new(
        "nobody asks",
        new Ambush(AmbushKind.Death) { Steps = ["SweepTakenUp"], After = dice.Below(4) })
    {
        LeastWorkers = 2,
        MostWorkers = 3,
        MostBatches = 1,
        HasSweepsAtStart = false,
        LeastCalmAt = Minutes(2),
        Change = batch => batch with { Lines = Math.Max(batch.Lines, 20), LooksEvery = Minutes(30), CancelAfter = null, DeleteInputBeside = null, LoseInputAfter = null, BadLine = null },
    };

    /// <summary>The upstream is away for so long that batches rest, and who claims a chunk when it is back may die.</summary>
    private static Scenario UpstreamAwayFor(Dice dice)
    {
        var from = dice.Seconds(1, 30);
        var until = from + dice.Seconds(45, 300);
        return new(
            "upstream away",
            new Ambush(AmbushKind.Death) { Steps = [dice.Of(["ChunkClaimed", "LookMoved", "WokenNoted", "RestNoted"])], From = from + Minutes(0.5), After = dice.Below(4) })
        {
            IsPrompt = true,
            LeastWorkers = 2,
            LeastCalmAt = until + Minutes(0.5),
            UpstreamAway = [(from, until)],
            Change = static batch => batch with { Lines = Math.Max(batch.Lines, 16), CancelAfter = null, DeleteInputBeside = null, LoseInputAfter = null, BadLine = null },
        };
    }

    /// <summary>Copies of a chunk's message fail together.</summary>
    private static Scenario PoisonedTogether(Dice dice) => new(
        "poisoned together",
        new Ambush(AmbushKind.AnswerLost) { Requests = [("POST", "batch-chunk/")], Most = int.MaxValue, Chance = 0.8 },
        new Ambush(AmbushKind.Failed) { Requests = [("PUT", "chunks(")], Most = int.MaxValue, From = dice.Seconds(5, 40) })
    {
        MostBatches = 2,
        LeastCalmAt = Minutes(5),
    };

    /// <summary>Something befalls who makes requests of one kind.</summary>
    private static Scenario AnyRequest(Dice dice) => new(
        "any request",
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
