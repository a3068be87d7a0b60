using BatchFunctions.Simulation.Lives;

namespace BatchFunctions.Simulation.Workers;

/// <summary>The gaps between two writes, at which the seed may let a worker die or freeze, or hold up the one task.</summary>
internal sealed class WorkerSteps(Life life, Worker worker)
{
    public async ValueTask ReachedAsync(string step, CancellationToken ct)
    {
        life.Trace.Add(worker.Name, $"at {step}");
        if (life.Ambushes.At(step) is { } ambush && !worker.IsDead)
        {
            life.Trace.Add("fate", $"{ambush.Kind} at {step}");
            await MeetAsync(ambush);
            return;
        }

        switch (life.Perils.At(worker))
        {
            case Peril.Death:
                life.Workers.Kill(worker);
                await new TaskCompletionSource().Task;
                break;
            case Peril.Freeze:
                life.Workers.Freeze(worker);
                await HoldUpAsync(TimeSpan.Zero);
                break;
            case Peril.HoldUp:
                await HoldUpAsync(life.Perils.HoldUp());
                break;
            default:
                break;
        }
    }

    private async Task MeetAsync(Ambush ambush)
    {
        switch (ambush.Kind)
        {
            case AmbushKind.Death:
                life.Workers.Kill(worker);
                await new TaskCompletionSource().Task;
                break;
            case AmbushKind.Freeze:
                life.Workers.Freeze(worker, life.Ambushes.TimeOf(ambush));
                await HoldUpAsync(TimeSpan.Zero);
                break;
            default:
                await HoldUpAsync(life.Ambushes.TimeOf(ambush));
                break;
        }
    }

    /// <summary>Holds up the task that has come here: the others of the process go on.</summary>
    private Task HoldUpAsync(TimeSpan time)
    {
        var over = new TaskCompletionSource();
        life.Agenda.In(time, worker, over.SetResult);
        return over.Task;
    }
}
