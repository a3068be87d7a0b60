using System.Globalization;
using BatchFunctions.Ids;
using BatchFunctions.Keys;
using BatchFunctions.Simulation.Clients;
using BatchFunctions.Simulation.Receivers;
using BatchFunctions.Simulation.Rules;
using BatchFunctions.Simulation.Storage;
using BatchFunctions.Simulation.Time;
using BatchFunctions.Simulation.Upstream;
using BatchFunctions.Simulation.Workers;
using BatchFunctions.Storage;
using BatchFunctions.StrictStorage;
using BatchFunctions.StrictStorage.Http;
using BatchFunctions.Webhooks;

namespace BatchFunctions.Simulation.Lives;

/// <summary>
/// A life: an empty storage account, workers, clients with their batches, and what goes wrong, all of one seed. When nothing goes wrong
/// any more it must come to rest, and then keep everything that was promised.
/// </summary>
internal sealed class Life
{
    /// <summary>By when a life is at rest: a day's deadline, the last resort behind it, and the longest that a message stays hidden.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromHours(28);

    /// <summary>How long a process keeps its share of the upstream when there is nothing to send, and more.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(30);

    /// <summary>How long the timer's ticks lie apart.</summary>
    private static readonly TimeSpan TimersPeriod = TimeSpan.FromHours(1);

    /// <summary>When a life that is at rest is looked at again: when what a crash has left is due, and when what is kept for weeks is.</summary>
    private static readonly TimeSpan[] Ages = [TimersPeriod, TimeSpan.FromDays(40)];

    /// <summary>The timer's ticks after which nothing is due any more.</summary>
    private const int MostTicks = 24;

    /// <summary>
    /// Messages of sweeps that there may be: one in hand, one that was asked for meanwhile and is in hand as well, and the next, which is sent
    /// before the last one is deleted; and those in whose place one came that is due sooner, for each worker, which do nothing when they come.
    /// </summary>
    private int MostSweeps => Math.Max(6, 3 + Plan.Workers);

    private readonly List<Task> _clients = [];
    private readonly List<QueueTrigger> _triggers;

    /// <summary>The process of an operator: between it and storage nothing goes wrong.</summary>
    private readonly Worker _operator;
    private bool _isOld;

    /// <summary>Makes a life of a plan.</summary>
    /// <param name="plan">What is in store for it.</param>
    /// <param name="trace">Takes the trace's lines; null where nobody reads them.</param>
    /// <param name="other">The version of the service that some workers are of until the upgrade is through; null for lives of this one alone.</param>
    public Life(LifePlan plan, Action<string>? trace = null, ServiceVersion? other = null)
    {
        Plan = plan;
        Other = other;
        Agenda = new Agenda();
        Trace = new Trace(() => Agenda.Now, trace);
        Dice = new Dice(plan.Seed, 0);
        Weather = new Weather(Plan, Agenda);
        Perils = new Perils(Plan, Agenda);
        Ambushes = new Ambushes(this);
        Account = new StorageAccount(new HostClock(Agenda, null, TimeSpan.Zero), new StorageDice(Plan, Agenda));
        Upstream = new FickleUpstream(Plan, Agenda, Trace);
        Receiver = new FickleReceiver(this);
        Workers = new Workforce(this);
        Watch = new LifeWatch(this);
        _operator = new Worker(this, "op", TimeSpan.Zero, Plan.SettingsOf(1), isCalm: true);
        _triggers =
        [
            new QueueTrigger(this, QueueNames.Steps, QueueNames.Steps + QueueNames.PoisonSuffix),
            new QueueTrigger(this, QueueNames.Chunk, QueueNames.Chunk + QueueNames.PoisonSuffix),
        ];
    }

    public LifePlan Plan { get; }

    /// <summary>The version of the service that some workers are of until the upgrade is through.</summary>
    public ServiceVersion? Other { get; }

    public Agenda Agenda { get; }

    public Trace Trace { get; }

    /// <summary>For what the library itself leaves to chance.</summary>
    public Dice Dice { get; }

    public Weather Weather { get; }

    public Perils Perils { get; }

    public Ambushes Ambushes { get; }

    public StorageAccount Account { get; }

    public FickleUpstream Upstream { get; }

    /// <summary>Who is told of batches that have ended.</summary>
    public FickleReceiver Receiver { get; }

    public Workforce Workers { get; }

    /// <summary>Is told of each request to storage as it takes effect, with its answer; null where nobody counts them.</summary>
    public Action<StorageRequest, StorageResponse>? Requested { get; set; }

    /// <summary>What is seen of the life while it goes on.</summary>
    public LifeWatch Watch { get; }

    /// <summary>The key of each tenant.</summary>
    public Dictionary<string, string> Keys { get; } = [];

    /// <summary>What the clients were answered.</summary>
    public List<BatchClient> Clients { get; } = [];

    /// <summary>Rules that were broken.</summary>
    public List<string> Violations { get; } = [];

    /// <summary>A rule is broken.</summary>
    public void Violate(string rule, string what)
    {
        var violation = $"{rule}: {Trace.Named(what)}";
        Trace.Add("rule", $"BROKEN {violation}");
        if (!Violations.Contains(violation))
        {
            Violations.Add(violation);
        }
    }

    /// <summary>Somebody deletes a blob behind the service's back.</summary>
    public async Task LoseBlobAsync(string container, string name)
    {
        Trace.Add("op", $"deletes the blob {container}/{name}");
        await _operator.Get<StorageClients>().Blobs.GetBlobContainerClient(container).DeleteBlobIfExistsAsync(name);
    }

    /// <summary>Lives it.</summary>
    public async Task RunAsync()
    {
        try
        {
            await LiveAsync();
        }
        finally
        {
            foreach (var worker in (Worker[])[.. Workers.Living, _operator])
            {
                worker.Kill();
            }
        }
    }

    private async Task LiveAsync()
    {
        if (Plan.About is { } about)
        {
            Trace.Add("life", $"is about: {about}");
        }

        await SetUpAsync();
        for (var number = 0; number < Plan.Workers; number++)
        {
            Workers.Start();
        }

        Schedule();
        foreach (var plan in Plan.Batches)
        {
            var client = new BatchClient(this, plan);
            Clients.Add(client);
            _clients.Add(client.RunAsync());
        }

        if (!await Agenda.PassAsync(IsAtRest, Longest))
        {
            Violate("comes to rest", $"at {Agenda.Now} it has not: {Left()}");
            return;
        }

        var faulted = _clients.Find(client => client.IsFaulted);
        if (faulted is not null)
        {
            await faulted;
        }

        await Agenda.PassAsync(static () => false, Agenda.Now + Settling);
        await CheckAsync();
        await GrowOldAsync();
    }

    private async Task SetUpAsync()
    {
        Make(TableNames.All, Account.Tables.Make);
        Make(QueueNames.All, Account.Queues.Make);
        Make(ContainerNames.All, Account.Blobs.Make);
        foreach (var tenant in LifePlan.Tenants)
        {
            var key = _operator.Get<ApiKeyStore>().CreateAsync(tenant, tenant, CancellationToken.None);
            await DoneAsync(key);
            Keys[tenant] = (await key).Key;
            await DoneAsync(_operator.Get<WebhookStore>().InsertAsync(
                new Webhook { Tenant = tenant, Id = IdKind.Webhook.New(Agenda.UtcNow), Url = FickleReceiver.Address, Secret = FickleReceiver.Secret, Events = EventTypes.All },
                CancellationToken.None));
        }

        Account.Tables.Written = Watch.Written;
        Upstream.Called = Watch.Called;
        Upstream.Answered = Watch.Answered;
    }

    /// <summary>Makes what every account has from its first deployment on.</summary>
    private static void Make(IEnumerable<string> names, Action<string> make)
    {
        foreach (var name in names)
        {
            make(name);
        }
    }

    private void Schedule()
    {
        foreach (var at in Plan.Deaths)
        {
            At(at, Workers.Kill);
        }

        foreach (var at in Plan.Freezes)
        {
            At(at, Workers.Freeze);
        }

        foreach (var at in Plan.Restarts)
        {
            At(at, Workers.Restart);
        }

        if (Other is not null)
        {
            Agenda.In(Plan.UpgradedAt, null, Workers.Upgrade);
        }

        Agenda.In(TimeSpan.FromHours(1), null, Tick);
    }

    private void At(TimeSpan at, Action<Worker> happens) => Agenda.In(at, null, () =>
    {
        if (Workers.Any() is { } worker)
        {
            happens(worker);
        }
    });

    /// <summary>The timer behind the sweep, every hour.</summary>
    private void Tick()
    {
        if (!_isOld && Workers.Any() is { } worker)
        {
            _ = worker.SweepAsync();
            Agenda.In(TimeSpan.FromHours(1), null, Tick);
        }
    }

    /// <summary>Some days pass, with few of the timer's ticks: then nothing is left of what is kept for a while.</summary>
    private async Task GrowOldAsync()
    {
        _isOld = true;
        foreach (var age in Ages)
        {
            await GrowAsync(age);
        }

        // What goes in parts goes on with the sweep behind this one, or, where that has a clock behind, with the timer's next.
        for (var tick = 0; tick < MostTicks && IsAnythingDue(); tick++)
        {
            await GrowAsync(TimersPeriod);
        }

        new RestRules(this).Check();
        new UsageRules(this).Check();
        new IndexRules(this).Check();
    }

    /// <summary>Some time passes, and then the timer's tick comes.</summary>
    private async Task GrowAsync(TimeSpan age)
    {
        await Agenda.PassAsync(static () => false, Agenda.Now + age);
        await DoneAsync(_operator.SweepAsync());
        await Agenda.PassAsync(IsAtRest, Agenda.Now + TimersPeriod);
    }

    private bool IsAnythingDue() => Account.Tables.EntitiesOf(TableNames.Expiring).Any(
        entity => long.Parse(entity.Key.Row.Split('_')[0], CultureInfo.InvariantCulture) <= Agenda.UtcNow.ToUnixTimeMilliseconds());

    private bool IsAtRest()
    {
        foreach (var trigger in _triggers)
        {
            trigger.Look();
        }

        if (Plan.IsPunctual && !_isOld && _triggers[0].Count("\"k\":\"sweep\"") > MostSweeps)
        {
            Violate("there is one chain of sweeps", $"{_triggers[0].Count("\"k\":\"sweep\"")} messages");
        }

        return Agenda.Now >= Plan.CalmAt
            && _clients.TrueForAll(client => client.IsCompleted)
            && !_triggers.Exists(trigger => trigger.IsHandling || trigger.Waiting > 0)
            && QueueNames.Poison.All(name => Account.Queues.QueueOf(name)!.Count == 0)
            && Account.Tables.CountOf(TableNames.ActiveBatches) == 0
            && !Account.Tables.EntitiesOf(TableNames.Deliveries).Any(static entity => entity.ValueOf("Status") is "pending");
    }

    private string Left() => string.Join(", ", QueueNames.All.Select(name => $"{name} {Account.Queues.QueueOf(name)!.Count}"))
        + $", {Account.Tables.CountOf(TableNames.ActiveBatches)} active, clients {string.Join(' ', _clients.Select(client => client.Status))}, handling {string.Join(' ', _triggers.Select(trigger => trigger.IsHandling))}";

    private async Task CheckAsync()
    {
        await DoneAsync(new Audit(this, _operator).RunAsync());
    }

    private async Task DoneAsync(Task task)
    {
        if (!await Agenda.PassAsync(() => task.IsCompleted, Agenda.Now + Longest))
        {
            throw new InvalidOperationException("What the simulation itself asked for was never done.");
        }

        await task;
    }
}
