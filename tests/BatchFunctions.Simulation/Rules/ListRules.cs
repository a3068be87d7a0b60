using BatchFunctions.Simulation.Clients;
using BatchFunctions.Simulation.Lives;

namespace BatchFunctions.Simulation.Rules;

/// <summary>The list of batches, walked page by page, has each of the project's batches once but for deleted ones, the newest first, and no other's.</summary>
internal sealed class ListRules(Life life, string tenant, ApiClient api)
{
    private const string Rule = "the walk of the list is exact";

    public async Task CheckAsync()
    {
        var walked = new List<string>();
        string? after = null;
        while (true)
        {
            if (await api.ListAsync(1 + (walked.Count % 2), after) is not { IsGood: true } page)
            {
                life.Violate(Rule, $"{tenant}'s page after {after} was not answered");
                return;
            }

            walked.AddRange(page.Json.GetProperty("data").EnumerateArray().Select(batch => batch.GetProperty("id").GetString()!));
            if (!page.Json.GetProperty("has_more").GetBoolean() || walked.Count > 1000)
            {
                break;
            }

            after = walked[^1];
        }

        var expected = life.Watch.Batches.Values.Where(batch => batch.Tenant == tenant && !batch.Deleted).Select(batch => batch.Id).OrderDescending(StringComparer.Ordinal);
        if (!walked.SequenceEqual(expected))
        {
            life.Violate(Rule, $"{tenant}'s has {string.Join(", ", walked)}");
        }
    }
}
