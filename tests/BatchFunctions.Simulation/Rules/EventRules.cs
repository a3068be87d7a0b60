using BatchFunctions.Batches;
using BatchFunctions.Simulation.Lives;
using BatchFunctions.Webhooks;

namespace BatchFunctions.Simulation.Rules;

/// <summary>Each batch that has ended was told of, and whoever was told has taken it; unless a version that tells nobody may have ended it.</summary>
internal sealed class EventRules(Life life)
{
    public void Check()
    {
        if (life.Other?.Knows<WebhookStore>() == false)
        {
            return;
        }

        foreach (var batch in life.Watch.Batches.Values.Where(batch => batch.Status.HasEnded() && !life.Receiver.Taken.ContainsKey(batch.Id)))
        {
            life.Violate("whoever wants to know is told", $"{batch.Id} is {batch.Status}");
        }

        foreach (var (batch, at) in life.Receiver.Taken.Where(taken => taken.Value > life.Plan.ToldBy))
        {
            life.Violate("whoever wants to know is told in time", $"{batch} at {at}");
        }
    }
}
