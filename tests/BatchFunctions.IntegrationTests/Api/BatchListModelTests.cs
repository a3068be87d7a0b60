using BatchFunctions.Batches;
using BatchFunctions.Ids;
using BatchFunctions.Storage;
using CsCheck;

namespace BatchFunctions.IntegrationTests.Api;

/// <summary>The list against a sorted list of ids in memory, under random creates, deletes, limits and cursors.</summary>
public sealed class BatchListModelTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static readonly Gen<Step[]> Steps = Gen.Select(
        Gen.Int[0, 9], Gen.Int[0, 20], Gen.Int[1, 6], Gen.Double[0, 1], (kind, second, limit, where) => new Step(kind, second, limit, where)).Array[20, 40];

    [Fact]
    public async Task A_page_is_what_the_model_says()
    {
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount());
        var number = 0;
        await Steps.SampleAsync(
            async steps => await RunAsync(api, $"tenant-{Interlocked.Increment(ref number)}", steps), iter: 25, threads: 4);
    }

    private static async Task RunAsync(ApiDriver api, string tenant, Step[] steps)
    {
        var model = new SortedSet<string>(Comparer<string>.Create((a, b) => string.CompareOrdinal(b, a)));
        var everMade = new List<string>();
        var table = api.Get<StorageClients>().Tables.GetTableClient(TableNames.Batches);
        foreach (var step in steps)
        {
            switch (step.Kind)
            {
                case < 4:
                    var batch = await api.AddAsync(Start.AddSeconds(step.Second), tenant);
                    model.Add(batch.Id);
                    everMade.Add(batch.Id);
                    break;
                case 4 when model.Count > 0:
                    var gone = model.ElementAt((int)(step.Where * (model.Count - 1)));
                    var (partitionKey, rowKey) = BatchRow.KeysOf(new BatchKey(tenant, gone));
                    await table.DeleteEntityAsync(partitionKey, rowKey);
                    model.Remove(gone);
                    break;
                default:
                    // The cursor may be a batch that is there, one that has gone, or one that never was.
                    var after = everMade.Count == 0 || step.Second % 4 == 0
                        ? step.Second % 8 == 0 ? null : ApiDriver.BatchOf(tenant, Start.AddSeconds(step.Second)).Id
                        : everMade[(int)(step.Where * (everMade.Count - 1))];
                    var expected = model.Where(id => after is null || string.CompareOrdinal(id, after) < 0).ToList();
                    var page = await api.Batches.ListAsync(tenant, after, step.Limit, CancellationToken.None);
                    Assert.Equal(expected.Take(step.Limit), page.Batches.Select(b => b.Id));
                    Assert.Equal(expected.Count > step.Limit, page.HasMore);
                    break;
            }
        }
    }

    private sealed record Step(int Kind, int Second, int Limit, double Where);
}
