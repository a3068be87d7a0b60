using System.Globalization;
using System.Text;
using BatchFunctions.Keys;
using BatchFunctions.Simulation.Clients;
using BatchFunctions.Simulation.Lives;
using BatchFunctions.Simulation.Upstream;
using BatchFunctions.Simulation.Workers;
using BatchFunctions.Storage;
using BatchFunctions.StrictStorage.Tables;

namespace BatchFunctions.Simulation.Fleets;

/// <summary>
/// A fleet at work in simulated time: the real library in each instance, the load of its plan, and nothing that goes wrong. What it asks of
/// storage is counted once all batches are there and have been worked on for a while.
/// </summary>
internal sealed class FleetRun
{
    private const string Project = "fleet";
    private const int CreatedAtOnce = 64;
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(2);

    private readonly FleetPlan _plan;
    private readonly Life _life;
    private readonly Worker _operator;
    private readonly List<Worker> _workers = [];
    private readonly List<FleetTrigger> _triggers = [];
    private readonly FleetUse _use = new();
    private string _fileId = "";
    private int _made;
    private int _ended;
    private int _answered;

    public FleetRun(FleetPlan plan)
    {
        _plan = plan;
        _life = new Life(new LifePlan(plan.Instances, plan.LineTimes, FleetPlan.RequestTime, plan.Settings));
        _operator = new Worker(_life, "op", TimeSpan.Zero, plan.Settings, isCalm: true);
    }

    /// <summary>Runs it on the one thread that does whatever is asynchronous.</summary>
    public async Task<FleetResult> RunAsync()
    {
        // All batches have been made, and lines have ended, before anything is counted.
        var line = TimeSpan.FromSeconds(_plan.LineSeconds);
        var (warmUp, span) = (Least + line, (2 * Least) + line);
        await SetUpAsync();
        foreach (var worker in Enumerable.Range(1, _plan.Instances).Select(number => new Worker(_life, $"w{number}", TimeSpan.Zero, _plan.Settings)))
        {
            _workers.Add(worker);
            foreach (var queue in (string[])[QueueNames.Steps, QueueNames.Chunk])
            {
                var trigger = new FleetTrigger(_life, worker, queue, _use);
                _triggers.Add(trigger);
                trigger.Start();
            }
        }

        foreach (var some in Enumerable.Range(0, _plan.Batches).Chunk(CreatedAtOnce))
        {
            await DoneAsync(Task.WhenAll(some.Select(_ => CreateAsync())));
        }

        await _life.Agenda.PassAsync(static () => false, _life.Agenda.Now + warmUp);
        _use.Clear();
        (_ended, _answered) = (0, 0);
        await _life.Agenda.PassAsync(static () => false, _life.Agenda.Now + span);
        var result = new FleetResult(
            _plan,
            FleetUse.Places.ToDictionary(static place => place, place => _use.Requests.GetValueOrDefault(place) / span.TotalSeconds, StringComparer.Ordinal),
            TableNames.All.ToDictionary(static table => table, table => _use.BusiestOf(table) / span.TotalSeconds, StringComparer.Ordinal),
            _answered / span.TotalSeconds,
            _ended / span.TotalSeconds,
            _use.LostRaces / span.TotalSeconds,
            _triggers.Sum(static trigger => trigger.Failures));
        foreach (var worker in (Worker[])[.. _workers, _operator])
        {
            worker.Kill();
        }

        return result;
    }

    private async Task SetUpAsync()
    {
        await DoneAsync(_operator.Get<StorageClients>().CreateAllAsync(CancellationToken.None));
        var key = _operator.Get<ApiKeyStore>().CreateAsync(Project, Project, CancellationToken.None);
        await DoneAsync(key);
        _life.Keys[Project] = (await key).Key;
        var upload = new ApiClient(_life, "c", Project, _operator).UploadAsync(Input());
        await DoneAsync(upload);
        _fileId = (await upload)!.Json.GetProperty("id").GetString()!;
        _life.Requested = _use.Answered;
        _life.Account.Tables.Used = _use.Used;
        _life.Account.Tables.Written = Written;
        _life.Upstream.Answered = (_, _) => _answered++;
    }

    private byte[] Input()
    {
        var text = new StringBuilder();
        for (var line = 0; line < _plan.LinesEach; line++)
        {
            text.Append(CultureInfo.InvariantCulture, $$"""{"custom_id":"line-{{line}}","method":"POST","url":"/v1/chat/completions","body":{{FickleUpstream.BodyOf($"b0-{line}")}}}""").Append('\n');
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>For each batch that has ended another is made.</summary>
    private void Written(string table, Entity? before, Entity? after)
    {
        if (table == TableNames.Batches && after?.ValueOf("Status") is "completed" && before?.ValueOf("Status") is not "completed")
        {
            _ended++;
            _ = CreateAsync();
        }
    }

    private async Task CreateAsync()
    {
        var worker = _workers[_made++ % _workers.Count];
        var reply = await new ApiClient(_life, "c", Project, worker).CreateAsync(_fileId, "fleet");
        if (reply is not { IsGood: true })
        {
            throw new InvalidOperationException($"A batch was not made: {reply?.Status} {reply?.Text}");
        }
    }

    private async Task DoneAsync(Task task)
    {
        if (!await _life.Agenda.PassAsync(() => task.IsCompleted, _life.Agenda.Now + Longest))
        {
            throw new InvalidOperationException("What the simulation itself asked for was never done.");
        }

        await task;
    }
}

/// <summary>What a fleet asks of storage in a second.</summary>
/// <param name="Plan">The fleet.</param>
/// <param name="Requests">Requests, by table, queue and container.</param>
/// <param name="Busiest">Entities of the busiest partition, by table.</param>
/// <param name="Lines">Lines that ended.</param>
/// <param name="Ended">Batches that ended.</param>
/// <param name="LostRaces">Writes that were refused since another was faster.</param>
/// <param name="Failures">Messages whose handler threw, in all.</param>
internal sealed record FleetResult(
    FleetPlan Plan,
    IReadOnlyDictionary<string, double> Requests,
    IReadOnlyDictionary<string, double> Busiest,
    double Lines,
    double Ended,
    double LostRaces,
    int Failures)
{
    /// <summary>All of them.</summary>
    public double Total => Requests.Values.Sum();
}
