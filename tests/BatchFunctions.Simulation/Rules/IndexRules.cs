using BatchFunctions.Batches;
using BatchFunctions.Ids;
using BatchFunctions.Simulation.Lives;
using BatchFunctions.Storage;

namespace BatchFunctions.Simulation.Rules;

/// <summary>Weeks after the last batch has ended the index of the list has all that lists may be asked for of those that stand.</summary>
internal sealed class IndexRules(Life life)
{
    private const string Rule = "the index of the list has each batch that has ended";

    public void Check()
    {
        var entries = life.Account.Tables.EntitiesOf(TableNames.BatchIndex)
            .Select(static entity => (entity.Key.Partition, entity.Key.Row))
            .ToHashSet();
        var standing = life.Watch.Batches.Values.Where(static batch => !batch.Deleted).ToList();
        foreach (var batch in standing)
        {
            var ended = EndedBatch.Of(batch);
            if (BatchFacets.Of(ended).Count(facet => !entries.Remove((batch.Tenant, facet + ended.RowKey))) is > 0 and var missing)
            {
                life.Violate(Rule, $"{missing} entries of {batch.Id} are missing");
            }
        }

        // What is there beside is a tenant's mark, the time of the next look, and what may be left of a batch that was deleted as it was put in.
        foreach (var (partition, row) in entries.Where(static entry => entry.Row.Length > BatchFacets.Length))
        {
            var id = IdKind.Batch.IdOf(row[BatchFacets.Length..]);
            if (life.Watch.Batches.GetValueOrDefault(id) is not { Deleted: true } batch || batch.Tenant != partition)
            {
                life.Violate(Rule, $"there is no batch {id} of {partition} that has {row}");
            }
        }
    }
}
