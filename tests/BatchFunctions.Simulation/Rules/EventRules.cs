using BatchFunctions.Batches;
using BatchFunctions.Simulation.Lives;

namespace BatchFunctions.Simulation.Rules;

/// <summary>Each batch that has ended was told of, and whoever was told has taken it.</summary>
internal sealed class EventRules(Life life)
{
    public void Check()
    {
        foreach (var batch in life.Watch.Batches.Values.Where(batch => batch.Status.HasEnded() && !life.Receiver.Taken.Contains(batch.Id)))
        {
            life.Violate("whoever wants to know is told", $"{batch.Id} is {batch.Status}");
        }
    }
}
