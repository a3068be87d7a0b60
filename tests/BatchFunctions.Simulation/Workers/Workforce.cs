using BatchFunctions.Simulation.Lives;

namespace BatchFunctions.Simulation.Workers;

/// <summary>The workers of a life: they die, freeze, shut down, and are replaced.</summary>
internal sealed class Workforce(Life life)
{
    private readonly Dice _dice = new(life.Plan.Seed, 6);
    private readonly List<Worker> _workers = [];
    private int _started;

    /// <summary>Workers that live, those that are frozen or shutting down among them.</summary>
    public IReadOnlyList<Worker> Living => _workers;

    /// <summary>Workers that take requests and messages.</summary>
    public IReadOnlyList<Worker> Ready => _workers.FindAll(worker => !worker.IsLeaving && worker.FrozenUntil <= life.Agenda.Now);

    /// <summary>One of those, by chance; null while there is none.</summary>
    public Worker? Any() => Ready is { Count: > 0 } ready ? _dice.Of(ready) : null;

    /// <summary>Starts a worker with the settings that are deployed now, of this version or of the other.</summary>
    public Worker Start()
    {
        var number = ++_started;
        var version = life.Agenda.Now < life.Plan.UpgradedAt && life.Plan.IsOther(number) ? life.Other : null;
        var worker = new Worker(life, $"w{number}", life.Plan.ClockOf(number), life.Plan.SettingsOf(number), version);
        _workers.Add(worker);
        if (life.Plan.SweepsAtStart)
        {
            _ = worker.SweepAsync();
        }

        return worker;
    }

    /// <summary>The upgrade goes through: from now on all workers are of this version.</summary>
    public void Upgrade()
    {
        foreach (var worker in _workers.FindAll(static worker => worker.IsOther && !worker.IsLeaving))
        {
            Restart(worker);
        }
    }

    /// <summary>Kills a worker; another takes its place after a while.</summary>
    public void Kill(Worker worker)
    {
        if (!worker.IsDead)
        {
            life.Trace.Add(worker.Name, $"dies");
            worker.Kill();
            _workers.Remove(worker);
            life.Agenda.In(_dice.Seconds(0.5, 60), null, () => Start());
        }
    }

    /// <summary>When the first of the workers is awake again, where all of them were frozen at once; zero where they never were.</summary>
    public TimeSpan AwakeAt { get; private set; }

    /// <summary>Freezes a worker, longer than a lease more often than not.</summary>
    public void Freeze(Worker worker) => Freeze(worker, _dice.Seconds(1, 120));

    /// <summary>Freezes a worker for a time.</summary>
    public void Freeze(Worker worker, TimeSpan time)
    {
        life.Trace.Add(worker.Name, $"freezes for {time.TotalSeconds:0.0} s");
        worker.Freeze(life.Agenda.Now + time);
        if (Ready.Count == 0)
        {
            AwakeAt = _workers.Min(static other => other.FrozenUntil);
        }
    }

    /// <summary>Tells a worker to shut down; what it has not done in some seconds it does not do any more.</summary>
    public void Restart(Worker worker)
    {
        life.Trace.Add(worker.Name, $"shuts down");
        worker.Stop();
        life.Agenda.In(_dice.Seconds(0.2, 10), null, () => Kill(worker));
    }
}
