using BatchFunctions.Simulation.Lives;
using BatchFunctions.StrictStorage.Tables;
using BatchFunctions.Wakeups;

namespace BatchFunctions.Simulation.Rules;

/// <summary>
/// The row of <c>pending</c> about sweeps, as it is written: a sweep that holds it is taken for dead only when it has not renewed that for a
/// while. Where clocks differ that is not looked at, since each judges by its own.
/// </summary>
internal sealed class SweepRules(Life life)
{
    private const string Holder = "Holder";

    public void Written(Entity? before, Entity? after)
    {
        if (life.Plan.ClocksAreRight
            && before?.ValueOf(Holder) is string holder
            && after?.ValueOf(Holder) is string other
            && holder != other
            && before.ValueOf(SweepRow.AskedAt) is DateTimeOffset held
            && life.Agenda.UtcNow - held < life.Plan.SweepLapse)
        {
            life.Violate("a sweep's hold is taken over only when it has lapsed", $"{(life.Agenda.UtcNow - held).TotalSeconds:0.0} s after its last writing");
        }
    }
}
