using Azure.Data.Tables;
using BatchFunctions.Batches;
using BatchFunctions.Ids;
using BatchFunctions.Storage;

namespace BatchFunctions.IntegrationTests.Api;

/// <summary>The list: a walk visits every batch that existed when it began exactly once, whatever happens meanwhile.</summary>
public sealed class BatchListTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    [Fact]
    public async Task An_empty_list_has_no_ids_and_no_more()
    {
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount());
        using var response = await api.Client.GetAsync(new Uri("/v1/batches", UriKind.Relative));
        Assert.Equal(
            """{"object":"list","data":[],"first_id":null,"last_id":null,"has_more":false}""",
            await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_walk_over_250_batches_of_one_second_visits_each_once()
    {
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount());
        var second = DateTimeOffset.FromUnixTimeSeconds(Now.ToUnixTimeSeconds());
        var made = new List<string>();
        for (var i = 0; i < 250; i++)
        {
            made.Add((await api.AddAsync(second.AddMilliseconds(i % 7 * 100))).Id);
        }

        foreach (var limit in new[] { 1, 7, 20, 100 })
        {
            Assert.Equal(made.OrderDescending(StringComparer.Ordinal), await WalkAsync(api, limit));
        }
    }

    [Fact]
    public async Task Batches_made_while_a_walk_goes_on_neither_repeat_nor_hide_others()
    {
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount());
        var made = new List<string>();
        for (var i = 0; i < 60; i++)
        {
            made.Add((await api.AddAsync(Now.AddSeconds(-i))).Id);
        }

        var later = 0;
        var seen = await WalkAsync(api, 7, () => api.AddAsync(DateTimeOffset.UtcNow.AddMilliseconds(++later)));
        Assert.Equal(made, seen.Where(made.Contains));
        Assert.Equal(seen.Count, seen.Distinct().Count());
    }

    [Fact]
    public async Task A_cursor_whose_own_row_has_gone_goes_on_where_it_stood()
    {
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount());
        var made = new List<Batch>();
        for (var i = 0; i < 12; i++)
        {
            made.Add(await api.AddAsync(Now.AddSeconds(-i)));
        }

        var first = await api.PageAsync(null, 5);
        var (partitionKey, rowKey) = BatchRow.KeysOf(new BatchKey("local", first.LastId!));
        await api.Get<StorageClients>().Tables.GetTableClient(TableNames.Batches).DeleteEntityAsync(partitionKey, rowKey);
        var second = await api.PageAsync(first.LastId, 5);
        Assert.Equal(made.Skip(5).Take(5).Select(batch => batch.Id), second.Ids);
        Assert.True(second.HasMore);
    }

    [Fact]
    public async Task A_client_that_stops_only_at_an_empty_page_comes_to_its_end()
    {
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount());
        for (var i = 0; i < 20; i++)
        {
            await api.AddAsync(Now.AddSeconds(-i));
        }

        string? after = null;
        var pages = 0;
        while (true)
        {
            var (ids, lastId, hasMore) = await api.PageAsync(after, 10);
            if (ids.Count == 0)
            {
                Assert.False(hasMore);
                break;
            }

            Assert.True(++pages <= 2, "the walk goes round");
            after = lastId;
        }

        Assert.Equal(2, pages);
    }

    [Fact]
    public async Task A_foreign_cursor_reveals_nothing()
    {
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount());
        var mine = await api.AddAsync(Now.AddSeconds(-10));
        var foreign = await api.AddAsync(Now, "other");
        Assert.Equal([mine.Id], (await api.PageAsync(foreign.Id, 10)).Ids);
        Assert.Equal([mine.Id], (await api.PageAsync(ApiDriver.BatchOf("nobody", Now).Id, 10)).Ids);
        Assert.Empty((await api.PageAsync(ApiDriver.BatchOf("nobody", Now.AddHours(-1)).Id, 10)).Ids);
    }

    [Fact]
    public async Task A_page_costs_one_storage_transaction_also_in_the_middle_of_100000_batches()
    {
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount());
        var table = api.Get<StorageClients>().Tables.GetTableClient(TableNames.Batches);
        var groups = Enumerable.Range(0, 1000).Select(group => Enumerable.Range(0, 100)
            .Select(i => ApiDriver.BatchOf("local", Now.AddSeconds(-((group * 100) + i)))).ToList()).ToList();
        var middle = groups[500][0].Id;

        // Of batches that no page shows the keys are enough; a page that read one of them would fail.
        HashSet<int> shown = [0, 1, 500, 501];
        await Parallel.ForEachAsync(Enumerable.Range(0, groups.Count), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (group, ct) =>
            await table.SubmitTransactionAsync(
                groups[group].Select(batch => BatchRow.ToRow(batch))
                    .Select(row => shown.Contains(group) ? row : new TableEntity(row.PartitionKey, row.RowKey))
                    .Select(row => new TableTransactionAction(TableTransactionActionType.Add, row)),
                ct));

        // The key is looked up with the first page, and then known for a minute.
        await api.PageAsync(null, 1);
        foreach (var (after, limit) in new (string?, int)[] { (null, 20), (null, 100), (middle, 20), (middle, 100) })
        {
            api.Storage.Requests.Clear();
            var page = await api.PageAsync(after, limit);
            Assert.Equal(limit, page.Ids.Count);
            Assert.True(page.HasMore);
            Assert.Equal([new KeyValuePair<string, int>("GET batches", 1)], api.Storage.Requests);
        }
    }

    private static async Task<List<string>> WalkAsync(ApiDriver api, int limit, Func<Task>? between = null)
    {
        var seen = new List<string>();
        string? after = null;
        while (true)
        {
            var (ids, lastId, hasMore) = await api.PageAsync(after, limit);
            seen.AddRange(ids);
            Assert.True(ids.Count > 0 || !hasMore, "an empty page says that there is more");
            Assert.Equal(ids.Count > 0 ? ids[^1] : null, lastId);
            if (!hasMore)
            {
                return seen;
            }

            after = lastId;
            await (between?.Invoke() ?? Task.CompletedTask);
        }
    }
}
