using BatchFunctions.Batches;
using BatchFunctions.Simulation.Clients;
using BatchFunctions.Simulation.Lives;

namespace BatchFunctions.Simulation.Rules;

/// <summary>The list of batches, walked page by page, has each of the project's batches once but for deleted ones, the newest first, and no other's.</summary>
internal sealed class ListRules(Life life, string tenant, ApiClient api)
{
    private const string Rule = "the walk of the list is exact";

    public async Task CheckAsync()
    {
        await CheckAsync(null);

        // The first batch's says which status is asked for, so that each comes up.
        if (Expected().FirstOrDefault() is { } some)
        {
            await CheckAsync(some.Status.Wire());
        }
    }

    private async Task CheckAsync(string? status)
    {
        var walked = new List<string>();
        string? after = null;
        while (true)
        {
            if (await api.ListAsync(1 + (walked.Count % 2), after, status) is not { IsGood: true } page)
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

        var expected = Expected().Where(batch => status is null || batch.Status.Wire() == status).Select(batch => batch.Id);
        if (!walked.SequenceEqual(expected))
        {
            life.Violate(Rule, $"{tenant}'s {status} has {string.Join(", ", walked)}");
        }
    }

    private IEnumerable<Batch> Expected() => life.Watch.Batches.Values
        .Where(batch => batch.Tenant == tenant && !batch.Deleted)
        .OrderByDescending(batch => batch.Id, StringComparer.Ordinal);
}
