using BatchFunctions.Batches;
using BatchFunctions.Metering;
using BatchFunctions.Simulation.Lives;
using BatchFunctions.Storage;

namespace BatchFunctions.Simulation.Rules;

/// <summary>What projects are said to have used is what their batches came to, each of them once; unless a version that counts none may have ended some.</summary>
internal sealed class UsageRules(Life life)
{
    private const string Rule = "usage is the sum of all batches that ended";

    public void Check()
    {
        if (life.Other?.Knows<UsageStore>() == false)
        {
            return;
        }

        var rows = life.Account.Tables.EntitiesOf(TableNames.Usage).Select(LifeWatch.RowOf).ToList();
        foreach (var row in rows.Where(UsageStore.IsMarker))
        {
            life.Violate("nothing is left over at rest", $"a row of {TableNames.Usage}: {row.RowKey}");
        }

        foreach (var tenant in LifePlan.Tenants)
        {
            var counted = rows.Where(row => row.PartitionKey == tenant && !UsageStore.IsMarker(row))
                .Select(UsageStore.Read)
                .Aggregate(UsageSum.None, (sum, used) => sum + used.Sum);
            var ended = life.Watch.Batches.Values.Where(batch => batch.Tenant == tenant && batch.Status.HasEnded())
                .Aggregate(UsageSum.None, (sum, batch) => sum + UsageSum.Of(batch));
            if (counted != ended)
            {
                life.Violate(Rule, $"{tenant}: {counted} instead of {ended}");
            }
        }
    }
}
