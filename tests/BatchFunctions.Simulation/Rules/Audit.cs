using BatchFunctions.Simulation.Clients;
using BatchFunctions.Simulation.Lives;
using BatchFunctions.Simulation.Workers;

namespace BatchFunctions.Simulation.Rules;

/// <summary>Looks at a life that has come to rest, through the API as far as there is one for it.</summary>
internal sealed class Audit(Life life, Worker auditor)
{
    private readonly Dictionary<string, ApiClient> _apis =
        LifePlan.Tenants.ToDictionary(tenant => tenant, tenant => new ApiClient(life, "aud", tenant, auditor), StringComparer.Ordinal);

    public async Task RunAsync()
    {
        foreach (var tenant in LifePlan.Tenants)
        {
            await new ListRules(life, tenant, _apis[tenant]).CheckAsync();
        }

        foreach (var batch in life.Watch.Batches.Values.Where(static batch => !batch.Deleted))
        {
            await new ResultRules(life, batch, _apis[batch.Tenant]).CheckAsync();
        }

        new EventRules(life).Check();
        foreach (var client in life.Clients)
        {
            await new PromiseRules(life, client, _apis[client.Plan.Tenant]).CheckAsync();
        }
    }
}
