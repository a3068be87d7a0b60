using System.Globalization;
using BatchFunctions.Configuration;
using BatchFunctions.Simulation.Storage;
using BatchFunctions.StrictStorage.Chance;

namespace BatchFunctions.Simulation.Lives;

/// <summary>
/// What a seed has in store for a life: its workers and their settings, its batches, and what goes wrong until when. Each kind of fault is
/// there or not, so that many lives have few kinds, and some have none.
/// </summary>
internal sealed class LifePlan
{
    /// <summary>A seed whose lives have pages and removals of the service's own sizes.</summary>
    private const int Unshrunk = 4;

    private readonly Dice _dice;
    private readonly IReadOnlyDictionary<string, string?>? _settings;
    private readonly int _chunkLines;
    private readonly bool _settingsChange;
    private readonly TimeSpan _sweepInterval;
    private readonly TimeSpan _window;
    private readonly bool _clocksDiffer;
    private readonly bool _isGentle;
    private readonly Scenario? _scenario;

    /// <param name="seed">What decides.</param>
    /// <param name="hasVersions">Whether two versions of the service are at work side by side, until <see cref="UpgradedAt"/>.</param>
    /// <param name="fatal">The step of the protocol at which a worker dies, which is all that goes wrong then; null for what the seed has in store.</param>
    public LifePlan(int seed, bool hasVersions = false, string? fatal = null)
    {
        Seed = seed;
        HasVersions = hasVersions;
        _dice = new Dice(seed, 1);
        (About, _scenario) = (fatal is not null ? Scenarios.DeathAt(fatal, seed) : hasVersions ? null : Scenarios.Of(seed)) is { } scenario ? scenario : (null, null);
        _isGentle = Rarely(0.3) | _scenario is not null;
        Workers = Math.Max(_dice.Between(1, 4), _scenario?.LeastWorkers ?? 1);
        Workers = Math.Min(Workers, _scenario?.MostWorkers ?? Workers);
        var calmAt = TimeSpan.FromSeconds(_dice.Between(60, 420));
        CalmAt = _scenario?.LeastCalmAt > calmAt ? _scenario.LeastCalmAt : calmAt;
        StorageFaults = Harms(0.4) ? _dice.Seconds(0.002, 0.05).TotalSeconds : 0;
        Duplicates = Rarely(0.5) ? 0.3 : 0;
        UpstreamFaults = Rarely(0.4) ? _dice.Seconds(0.02, 0.5).TotalSeconds : 0;
        var slowest = (Rarely(0.3) ? _dice.Seconds(3, 40) : _dice.Seconds(0.05, 3)).TotalSeconds;
        SlowestLine = _scenario?.SlowestLine ?? slowest;
        SlowestPoll = Harms(0.2) ? 60 : 0.6;
        DeathsAtSteps = Harms(0.3) ? _dice.Seconds(0.005, 0.05).TotalSeconds : 0;
        FreezesAtSteps = Harms(0.25) ? _dice.Seconds(0.005, 0.04).TotalSeconds : 0;
        HoldUps = Harms(0.3) ? _dice.Seconds(0.01, 0.1).TotalSeconds : 0;
        Deaths = Harms(0.3) ? Times(3) : [];
        Freezes = Harms(0.25) ? Times(3) : [];
        Restarts = Harms(0.3) ? Times(3) : [];
        Outages = [.. Harms(0.25) ? Times(2).Select(OutageAt) : [], .. LongOutages(new Dice(seed, 9000))];
        SweepsAtStart = Rarely(0.5) && _scenario?.HasSweepsAtStart != false;
        _clocksDiffer = Harms(0.3);
        _settingsChange = Rarely(0.5);
        var chunkLines = _dice.Between(1, 8);
        _chunkLines = _scenario?.ChunkLines ?? chunkLines;
        var sweepInterval = TimeSpan.FromSeconds(_dice.Of([10, 10, 30, 60]));
        _sweepInterval = _scenario?.SweepInterval ?? sweepInterval;
        _window = Rarely(0.2) ? TimeSpan.FromSeconds(_dice.Between(20, 600)) : TimeSpan.FromHours(24);
        Batches = [.. Enumerable.Range(0, Math.Min(_dice.Between(1, 3), _scenario?.MostBatches ?? 3)).Select(BatchOf).Select(batch => _scenario?.Change(batch) ?? batch)];
        UpstreamAway = _scenario?.UpstreamAway ?? AwayTimes(new Dice(seed, 4000));
        SlowestRequest = new Dice(seed, 7000).Happens(_isGentle ? 0.5 : 0.25) ? 0.3 : 0.03;
        UpgradedAt = new Dice(seed, 5000).Between(TimeSpan.FromSeconds(5), CalmAt);
    }

    /// <summary>A plan in which nothing goes wrong, no client does anything by itself, and all takes the time that it is said to take.</summary>
    /// <param name="workers">How many workers there are.</param>
    /// <param name="line">How long a line takes, at least and at most.</param>
    /// <param name="request">How long a request to storage takes.</param>
    /// <param name="settings">What every worker is deployed with.</param>
    public LifePlan(int workers, (TimeSpan Least, TimeSpan Most) line, TimeSpan request, IReadOnlyDictionary<string, string?> settings)
    {
        Seed = Unshrunk;
        _dice = new Dice(Seed, 1);
        _settings = settings;
        Workers = workers;
        SlowestPoll = 0.6;
        (FastestLine, SlowestLine) = (line.Least.TotalSeconds, line.Most.TotalSeconds);
        FastestRequest = SlowestRequest = request.TotalSeconds / 2;
        Deaths = Freezes = Restarts = [];
        Outages = [];
        UpstreamAway = [];
        Batches = [];
    }

    /// <summary>Whose batches there are.</summary>
    public static IReadOnlyList<string> Tenants { get; } = ["north", "south"];

    public int Seed { get; }

    public int Workers { get; }

    /// <summary>When all faults are over.</summary>
    public TimeSpan CalmAt { get; }

    /// <summary>Whether two versions of the service are at work side by side, until <see cref="UpgradedAt"/>.</summary>
    public bool HasVersions { get; }

    /// <summary>When the upgrade goes through: whoever starts from then on is of this version, and who is not shuts down.</summary>
    public TimeSpan UpgradedAt { get; }

    /// <summary>The probability of a fault of a request to storage.</summary>
    public double StorageFaults { get; }

    /// <summary>The probability that a message is handed out twice.</summary>
    public double Duplicates { get; }

    /// <summary>The probability of a fault of a call.</summary>
    public double UpstreamFaults { get; }

    /// <summary>How long a line takes at least, in seconds.</summary>
    public double FastestLine { get; } = 0.02;

    /// <summary>How long a request to storage, and its answer, are under way at least, in seconds each.</summary>
    public double FastestRequest { get; } = 0.001;

    /// <summary>How long they are under way at most.</summary>
    public double SlowestRequest { get; }

    /// <summary>How long a line takes at most, in seconds.</summary>
    public double SlowestLine { get; }

    /// <summary>How long a message waits at most until it is fetched, in seconds.</summary>
    public double SlowestPoll { get; }

    public double DeathsAtSteps { get; }

    public double FreezesAtSteps { get; }

    public double HoldUps { get; }

    public IReadOnlyList<TimeSpan> Deaths { get; }

    public IReadOnlyList<TimeSpan> Freezes { get; }

    public IReadOnlyList<TimeSpan> Restarts { get; }

    public IReadOnlyList<Outage> Outages { get; }

    /// <summary>When the upstream answers nobody.</summary>
    public IReadOnlyList<(TimeSpan From, TimeSpan Until)> UpstreamAway { get; }

    /// <summary>Whether a worker sweeps when it starts, as the self-host does.</summary>
    public bool SweepsAtStart { get; }

    public IReadOnlyList<BatchPlan> Batches { get; }

    /// <summary>What befalls whoever comes to a certain point.</summary>
    public IReadOnlyList<Ambush> Ambushes => _scenario?.Ambushes ?? [];

    /// <summary>What the life is about; null for all that may come.</summary>
    public string? About { get; }

    /// <summary>Until when the receiver takes no event, whatever else has become calm.</summary>
    public TimeSpan ReceiverAwayUntil => _scenario?.ReceiverAwayUntil ?? TimeSpan.Zero;

    /// <summary>By when all events are taken; null where it is open.</summary>
    public TimeSpan? ToldBy => _scenario?.ToldAfter is { } after ? CalmAt + after : null;

    /// <summary>Whether nobody stands still, and all requests are made soon: then what is about to be written is so within a lease.</summary>
    public bool IsPrompt => !HasVersions && StorageFaults == 0 && FreezesAtSteps == 0 && HoldUps == 0 && !_clocksDiffer
        && Freezes.Count + Outages.Count == 0 && _scenario?.IsPrompt != false;

    /// <summary>Whether no worker and no request to storage comes to harm, and all clocks are right: then nothing is called twice.</summary>
    public bool IsGentle => !HasVersions && _scenario?.IsGentle != false && StorageFaults == 0 && DeathsAtSteps == 0 && FreezesAtSteps == 0 && HoldUps == 0 && !_clocksDiffer
        && Deaths.Count + Freezes.Count + Restarts.Count + Outages.Count == 0;

    /// <summary>Whether, besides, no message is late: then it counts as lost by nobody.</summary>
    public bool IsPunctual => IsGentle && SlowestPoll < 1;

    /// <summary>
    /// Within which time a batch ends once nothing fails: a lease runs out, by clocks that differ by up to two minutes, a sweep finds what it
    /// held, or what was lost, a few messages are fetched, one after the other, a hundred requests are made, and the lines are sent, two at once at the worst. It is
    /// less than the ten minutes after which a message comes back that a dead worker had in hand; beside another version, which need not
    /// know how to make up for that, it is until the hourly timer has swept.
    /// </summary>
    public TimeSpan LongestEnd(int lines) => TimeSpan.FromMinutes(HasVersions ? 75 : _clocksDiffer ? 5 : 3)
        + TimeSpan.FromSeconds((5 * SlowestPoll) + (100 * SlowestRequest) + (lines * SlowestLine / 2));

    /// <summary>Whether all clocks say the same.</summary>
    public bool ClocksAreRight => !_clocksDiffer;

    /// <summary>How long after its last writing a sweep's hold counts for nothing.</summary>
    public TimeSpan SweepLapse => new BatchOptions { SweepInterval = _sweepInterval }.SweepLapse;

    /// <summary>How far a worker's clock is ahead of storage's.</summary>
    public TimeSpan ClockOf(int worker) =>
        _clocksDiffer ? new Dice(Seed, 1000 + worker).Between(TimeSpan.FromSeconds(-60), TimeSpan.FromSeconds(60)) : TimeSpan.Zero;

    /// <summary>What a worker is deployed with.</summary>
    public IReadOnlyDictionary<string, string?> SettingsOf(int worker)
    {
        if (_settings is not null)
        {
            return _settings;
        }

        var changed = new Dice(Seed, 2000 + worker);
        var isFirst = worker <= Workers || !_settingsChange;
        return new Dictionary<string, string?>
        {
            ["Batch:Upstream:BaseUrl"] = "http://upstream.invalid/v1",
            ["Batch:Upstream:Concurrency"] = Seed % 3 == 0 ? "auto" : "16",
            ["Batch:Upstream:Timeout"] = "00:01:00",
            ["Batch:CreateStorage"] = "false",
            ["Batch:ChunkLines"] = (isFirst ? _chunkLines : changed.Between(1, 10)).ToString(CultureInfo.InvariantCulture),
            ["Batch:ChunkWindow"] = (isFirst ? (Seed % 4) + 1 : changed.Between(1, 20)).ToString(CultureInfo.InvariantCulture),
            ["Batch:SweepInterval"] = _sweepInterval.ToString(),
            ["Batch:AdvanceDelay"] = Seed % 3 == 1 ? "00:00:00" : "00:00:02",
            ["Batch:CompletionWindow"] = _window.ToString(),
        };
    }

    /// <summary>Makes small what is large in the service, in three lives of four: pages, and what is removed at once.</summary>
    public IReadOnlyDictionary<string, int> Sizes => Seed % Unshrunk == 0 ? new Dictionary<string, int>() : new Dictionary<string, int>
    {
        [nameof(BatchOptions.SegmentsOfPage)] = (Seed % 3) + 1,
        [nameof(BatchOptions.SegmentsDeletedAtOnce)] = Seed % 2,
        [nameof(BatchOptions.BlobsDeletedInOneGo)] = (Seed % 5) + 1,
    };

    /// <summary>Whether a worker that starts before the upgrade is through is of the other version.</summary>
    public bool IsOther(int worker) => new Dice(Seed, 6000 + worker).Happens(0.5);

    private bool Rarely(double probability) => _dice.Happens(probability);

    /// <summary>Whether there is a kind of harm: in some lives there is none.</summary>
    private bool Harms(double probability) => _dice.Happens(probability) && !_isGentle;

    private List<TimeSpan> Times(int most) =>
        [.. Enumerable.Range(0, _dice.Between(1, most)).Select(_ => _dice.Between(TimeSpan.FromSeconds(1), CalmAt)).Order()];

    private Outage OutageAt(TimeSpan from) => new(
        _dice.Of<string?>([null, "blob", "queue", "table"]),
        from,
        from + _dice.Seconds(2, 200),
        _dice.Of([StorageFault.None, StorageFault.RequestLost, StorageFault.AnswerLost, StorageFault.ServerBusy, StorageFault.TimedOut]));

    /// <summary>Blobs that fail until the life becomes calm, however often a message of theirs is tried meanwhile.</summary>
    private IEnumerable<Outage> LongOutages(Dice dice) => _isGentle || !dice.Happens(0.1) ? [] :
        [new("blob", dice.Between(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60)), CalmAt, dice.Of([StorageFault.RequestLost, StorageFault.ServerBusy]))];

    private List<(TimeSpan From, TimeSpan Until)> AwayTimes(Dice dice) => dice.Happens(0.7) ? [] :
    [
        .. Enumerable.Range(0, dice.Between(1, 2)).Select(_ => dice.Between(TimeSpan.Zero, CalmAt)).Order()
            .Select(from => (from, Sooner(from + dice.Seconds(1, 300), CalmAt))),
    ];

    private static TimeSpan Sooner(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private BatchPlan BatchOf(int number)
    {
        var retry = new Dice(Seed, 3000 + number);
        var deletion = new Dice(Seed, 8000 + number);
        var lines = Rarely(0.5) ? _dice.Between(1, 6) : _dice.Between(1, 30);
        return new BatchPlan
        {
            Number = number,
            Tenant = _dice.Of(Tenants),
            Lines = lines,
            At = _dice.Seconds(0.1, 60),
            CancelAfter = Rarely(0.2) ? _dice.Seconds(0.1, 60) : null,
            DeleteInputAfter = Rarely(0.2) ? _dice.Seconds(0.1, 120) : null,
            DeleteInputBeside = Rarely(0.2) ? _dice.Seconds(0.001, 0.2) : null,
            LoseInputAfter = Rarely(0.04) ? _dice.Seconds(0.05, 60) : null,
            DeletesResults = Rarely(0.2),
            BadLine = Rarely(0.05) ? _dice.Below(lines) : null,
            RefusedEach = Rarely(0.3) ? _dice.Between(2, 5) : 0,
            RetryAfter = retry.Happens(0.4) ? retry.Seconds(0.1, 60) : null,
            RetriesTwice = retry.Happens(0.3),
            DeleteInputBesideRetry = retry.Happens(0.3) ? retry.Seconds(0.001, 5) : null,
            DeleteBesideRetry = deletion.Happens(0.3) ? deletion.Seconds(0.001, 5) : null,
            DeletesRetries = deletion.Happens(0.3),
            DeleteAfter = deletion.Happens(0.3) ? deletion.Seconds(0.001, 60) : null,
            DeleteResultsBesideRetry = deletion.Happens(0.3) ? deletion.Seconds(0.001, 5) : null,
        };
    }
}
