using BatchFunctions.Simulation.Lives;
using BatchFunctions.Simulation.Time;

namespace BatchFunctions.Simulation.Workers;

/// <summary>What may happen to a worker between two writes.</summary>
internal enum Peril
{
    None,
    Death,
    Freeze,
    HoldUp,
}

/// <summary>Decides by the seed what happens to workers between two writes, until the life has become calm.</summary>
internal sealed class Perils(LifePlan plan, Agenda agenda)
{
    private static readonly TimeSpan LongestHoldUp = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LongestInCalm = TimeSpan.FromMinutes(2);

    private readonly Dice _dice = new(plan.Seed, 5);

    public Peril At(Worker worker) =>
        agenda.Now >= plan.CalmAt || worker.IsDead ? Peril.None
        : _dice.Happens(plan.DeathsAtSteps) ? Peril.Death
        : _dice.Happens(plan.FreezesAtSteps) ? Peril.Freeze
        : _dice.Happens(plan.HoldUps) ? Peril.HoldUp
        : Peril.None;

    /// <summary>Whether the host's last request about a message is lost.</summary>
    public bool LosesReceipt() => agenda.Now < plan.CalmAt && _dice.Happens(plan.StorageFaults);

    /// <summary>
    /// How long a task is held up: before the life becomes calm up to five minutes, longer than others wait for what it was about to write;
    /// and not for long behind that, for then nothing goes wrong any more.
    /// </summary>
    public TimeSpan HoldUp()
    {
        var time = _dice.Seconds(0.1, LongestHoldUp.TotalSeconds);
        var most = plan.CalmAt - agenda.Now + LongestInCalm;
        return time < most ? time : most;
    }
}
