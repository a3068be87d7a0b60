using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Ids;
using BatchFunctions.IntegrationTests.Processing;
using BatchFunctions.Processing;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;
using BatchFunctions.StrictStorage.Chance;
using BatchFunctions.Telemetry;
using BatchFunctions.Testing;
using CsCheck;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.IntegrationTests.Api;

/// <summary>The list by what few batches have, once they have ended and are in the index.</summary>
public sealed class BatchIndexTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly DateTimeOffset Later = Start.AddDays(1);
    private static readonly string[] Endpoints = ["/v1/chat/completions", "/v1/embeddings"];
    private static readonly string?[] Models = [null, "small", "large"];

    private static readonly Gen<Batch> Batches = Gen.Select(
        Gen.Enum<BatchStatus>(), Gen.Int[0, 1], Gen.Int[0, 2], Gen.Int[0, 60], Gen.Int[0, 2], Gen.Int[0, 9],
        (status, endpoint, model, second, tag, other) =>
        {
            // What has not ended is among the younger ones.
            var batch = ApiDriver.BatchOf("t", Start.AddSeconds(second));
            return batch.WithStatus(status.HasEnded() || second > 40 ? status : BatchStatus.Completed) with
            {
                Endpoint = Endpoints[endpoint],
                Model = Models[model],
                Metadata = tag == 2 ? null : new Dictionary<string, string> { ["tag"] = $"{tag}", ["other"] = $"{other}" },
                Deleted = other == 9 && status.HasEnded(),
            };
        });

    private static readonly Gen<BatchFilter> Filters = Gen.Select(
        Gen.Enum<BatchStatus>().Array[0, 3], Gen.Int[0, 3], Gen.Int[0, 3], Gen.Int[-40, 60], Gen.Int[-40, 60], Gen.Int[0, 5],
        (statuses, endpoint, model, since, before, tag) => new BatchFilter
        {
            Statuses = [.. statuses.Distinct()],
            Endpoint = endpoint < 2 ? Endpoints[endpoint] : null,
            Model = model is 1 or 2 ? Models[model] : null,
            CreatedSince = since >= 0 ? Start.AddSeconds(since) : null,
            CreatedBefore = before >= 0 ? Start.AddSeconds(before) : null,
            Metadata = tag switch
            {
                < 2 => new Dictionary<string, string> { ["tag"] = $"{tag}" },
                2 => new Dictionary<string, string> { ["tag"] = "1", ["other"] = "3" },
                _ => new Dictionary<string, string>(),
            },
        });

    [Fact]
    public async Task A_walk_meets_each_match_once_whatever_is_in_the_index()
    {
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount(new SeededChance(11)));
        var number = 0;
        await Gen.Select(Batches.Array[0, 60], Filters, Gen.Int[1, 7], Gen.Int[0, 1000]).SampleAsync(
            async (batches, filter, limit, seed) =>
            {
                var tenant = $"tenant-{Interlocked.Increment(ref number)}";
                var there = batches.Select(batch => batch with { Tenant = tenant }).ToDictionary(batch => batch.Id);
                foreach (var batch in there.Values)
                {
                    await api.InsertAsync(batch);
                }

                var random = new Random(seed);
                await IndexAsync(api, tenant, Start.AddSeconds(random.Next(80)));
                var steady = there.Values.Where(batch => !batch.Deleted && filter.Matches(batch)).Select(batch => batch.Id).ToHashSet();
                var seen = new List<string>();
                for (string? after = null; ;)
                {
                    // One process knows a mark and what is common, and the other nothing.
                    using var search = new BatchSearch(api.Batches, api.Get<BatchIndex>(), TimeProvider.System);
                    var page = await new BatchList(api.Batches, random.Next(2) == 0 ? search : api.Get<BatchSearch>(), api.Get<ActiveBatchStore>())
                        .PageAsync(tenant, new BatchListing(after, limit, filter), default);
                    Assert.All(page.Batches, batch => Assert.True(!batch.Deleted && filter.Matches(batch)));
                    Assert.True(page.Batches.Count > 0 || !page.HasMore);
                    Assert.InRange(page.Batches.Count, 0, limit);
                    seen.AddRange(page.Batches.Select(batch => batch.Id));
                    if (!page.HasMore)
                    {
                        break;
                    }

                    after = page.Batches[^1].Id;
                    if (there.Count > 0)
                    {
                        var gone = there.Keys.ElementAt(random.Next(there.Count));
                        await api.RemoveRowAsync(there[gone].Key);
                        steady.Remove(gone);
                        there.Remove(gone);
                    }

                    await IndexAsync(api, tenant, Start.AddSeconds(random.Next(80)));
                }

                Assert.Equal(seen.Distinct(), seen);
                Assert.Equal(seen.OrderDescending(StringComparer.Ordinal), seen);
                Assert.Subset(seen.ToHashSet(), steady);
            },
            iter: 80,
            threads: 4);
    }

    [Theory]
    [InlineData("status=failed", 7, 1)]
    [InlineData("status=failed,expired", 7, 2)]
    [InlineData("model=rare", 7, 1)]
    [InlineData("model=rare&status=failed,in_progress", 7, 1)]
    [InlineData("endpoint=/v1/embeddings&status=completed", 0, 1)]
    [InlineData("metadata[customer]=b", 7, 1)]
    [InlineData("metadata[customer]=b&model=rare&status=failed", 7, 1)]
    [InlineData("metadata[customer]=c", 0, 1)]
    [InlineData("status=completed", 20, 2)]
    [InlineData("model=usual", 20, 2)]
    public async Task A_rare_match_among_any_number_is_found_at_once(string asked, int found, int queries)
    {
        var chance = new CountingChance(rows => rows);
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount(chance));
        for (var i = 0; i < 700; i++)
        {
            var isRare = i % 100 == 50;
            await api.InsertAsync(ApiDriver.BatchOf("local", Start.AddSeconds(i)).WithStatus(isRare ? BatchStatus.Failed : BatchStatus.Completed) with
            {
                Model = isRare ? "rare" : "usual",
                Metadata = new Dictionary<string, string> { ["customer"] = isRare ? "b" : "a", ["job"] = $"{i}" },
            });
        }

        await IndexAsync(api, "local", Later);
        _ = await api.GetJsonAsync("/v1/batches?limit=1&model=none");
        var before = chance.Queries;
        var page = await api.GetJsonAsync($"/v1/batches?limit=20&{asked}");

        // One more for what was made since.
        Assert.Equal((found, queries + 1), (page.GetProperty("data").GetArrayLength(), chance.Queries - before));
        Assert.Equal(found == 20, page.GetProperty("has_more").GetBoolean());

        // Where many match, the next page is one request.
        before = chance.Queries;
        var next = await api.GetJsonAsync($"/v1/batches?limit=20&{asked}&created_before={(Start.AddSeconds(600).ToUnixTimeSeconds())}");
        Assert.Equal((Math.Min(found, 20) - (found < 20 ? found / 7 : 0), found == 20 ? 1 : queries), (next.GetProperty("data").GetArrayLength(), chance.Queries - before));
    }

    [Fact]
    public async Task Where_many_match_no_longer_the_index_finds_those_that_do()
    {
        var chance = new CountingChance(rows => rows);
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount(chance));
        for (var i = 0; i < 500; i++)
        {
            await api.InsertAsync(ApiDriver.BatchOf("local", Start.AddSeconds(i)).WithStatus(i is > 400 or 7 or 9 ? BatchStatus.Failed : BatchStatus.Completed));
        }

        await IndexAsync(api, "local", Later);
        var first = await api.GetJsonAsync("/v1/batches?limit=90&status=failed");
        Assert.Equal((90, true), (first.GetProperty("data").GetArrayLength(), first.GetProperty("has_more").GetBoolean()));
        var second = await api.GetJsonAsync($"/v1/batches?limit=90&status=failed&after={first.GetProperty("last_id").GetString()}");
        Assert.Equal((11, false), (second.GetProperty("data").GetArrayLength(), second.GetProperty("has_more").GetBoolean()));
    }

    [Fact]
    public async Task Nothing_that_may_change_or_come_is_in_the_index()
    {
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount());
        for (var i = 0; i < 10; i++)
        {
            await api.InsertAsync(ApiDriver.BatchOf("local", Start.AddSeconds(i)).WithStatus(i == 6 ? BatchStatus.InProgress : BatchStatus.Failed));
        }

        Assert.Equal(0, (await IndexAsync(api, "local", Start.AddSeconds(0))).Count);
        Assert.Equal((4, Start.AddSeconds(4)), await MarkAsync(api, Start.AddSeconds(4)));

        // The oldest that has not ended.
        Assert.Equal((6, Start.AddSeconds(6)), await MarkAsync(api, Later));

        static async Task<(long, DateTimeOffset)> MarkAsync(ApiDriver api, DateTimeOffset at)
        {
            var mark = await IndexAsync(api, "local", at);
            return (mark.Count, mark.Until);
        }
    }

    [Fact]
    public async Task However_many_there_are_and_however_few_storage_tells_at_once_each_is_in_the_index()
    {
        // Each request looks at three rows, so that each slice has no more.
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount(new CountingChance(rows => Math.Min(rows, 3))));
        var expected = new List<string>();
        for (var i = 0; i < 60; i++)
        {
            var batch = ApiDriver.BatchOf("local", Start.AddDays(i / 20 * 30).AddMilliseconds(i % 7 == 0 ? 5 : i * i)).WithStatus(BatchStatus.Expired);
            await api.InsertAsync(batch);
            expected.Add(batch.Id);
        }

        var mark = await IndexAsync(api, "local", Start.AddDays(100));

        Assert.Equal(60, mark.Count);
        var found = new List<string>();
        using var search = new BatchSearch(api.Batches, api.Get<BatchIndex>(), TimeProvider.System);
        for (var isMore = true; isMore;)
        {
            var page = await search.PageAsync("local", new BatchListing(found.LastOrDefault(), 7, new BatchFilter { Statuses = [BatchStatus.Expired] }), default);
            found.AddRange(page.Batches.Select(batch => batch.Id));
            isMore = page.HasMore;
        }

        Assert.Equal(expected.OrderDescending(StringComparer.Ordinal), found);
    }

    [Fact]
    public async Task Without_its_table_the_list_looks_through_the_rows_and_sweeps_come_to_rest()
    {
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount());
        await api.InsertAsync(ApiDriver.BatchOf("local", Start).WithStatus(BatchStatus.Failed));
        await api.Get<StorageClients>().Tables.GetTableClient(TableNames.BatchIndex).DeleteAsync();

        Assert.False(await IndexingOf(api, Later).RunAsync(static () => true, default));
        var page = await api.GetJsonAsync("/v1/batches?status=failed");
        Assert.Equal(1, page.GetProperty("data").GetArrayLength());
        var deleted = ApiDriver.BatchOf("local", Start.AddSeconds(1)).WithStatus(BatchStatus.Failed);
        await api.InsertAsync(deleted);
        Assert.True(await api.Get<BatchDeletion>().TryDeleteAsync(deleted.Key, default));
        await api.Get<BatchRemoval>().SettleAsync(deleted.Key, default);
        Assert.Null(await api.Batches.FindAnyAsync(deleted.Key, default));
    }

    [Fact]
    public async Task A_deleted_batch_is_in_the_index_no_more()
    {
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount());
        var kept = ApiDriver.BatchOf("local", Start).WithStatus(BatchStatus.Failed);
        var deleted = ApiDriver.BatchOf("local", Start.AddSeconds(1)).WithStatus(BatchStatus.Failed) with
        {
            Model = "m",
            Metadata = new Dictionary<string, string> { ["a"] = "b" },
        };
        await api.InsertAsync(kept);
        await api.InsertAsync(deleted);
        await IndexAsync(api, "local", Later);
        Assert.Equal((3, 9), (await EntriesAsync(api, kept), await EntriesAsync(api, deleted)));

        Assert.True(await api.Get<BatchDeletion>().TryDeleteAsync(deleted.Key, default));
        await api.Get<BatchRemoval>().SettleAsync(deleted.Key, default);

        Assert.Equal((3, 0), (await EntriesAsync(api, kept), await EntriesAsync(api, deleted)));
    }

    [Fact]
    public async Task Whoever_crashes_before_the_mark_moves_leaves_what_the_next_writes_again()
    {
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount());
        for (var i = 0; i < 5; i++)
        {
            await api.InsertAsync(ApiDriver.BatchOf("local", Start.AddSeconds(i)).WithStatus(BatchStatus.Failed));
        }

        var steps = new ScriptedSteps();
        steps.CrashAt(ProtocolStep.BatchesIndexed);
        await IndexingOf(api, Later, steps).RunAsync(static () => true, default);
        Assert.Equal(0, (await api.Get<BatchIndex>().MarkOfAsync("local", default)).Count);

        Assert.Equal(5, (await IndexAsync(api, "local", Later)).Count);
        using var search = new BatchSearch(api.Batches, api.Get<BatchIndex>(), TimeProvider.System);
        var page = await search.PageAsync("local", new BatchListing(null, 100, new BatchFilter { Statuses = [BatchStatus.Failed] }), default);
        Assert.Equal(5, page.Batches.Count);
    }

    [Fact]
    public async Task One_process_an_hour_looks_and_one_without_time_for_all_leaves_the_rest_to_the_next_sweep()
    {
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount());
        foreach (var tenant in (string[])["a", "b"])
        {
            await api.InsertAsync(ApiDriver.BatchOf(tenant, Start).WithStatus(BatchStatus.Failed));
        }

        Assert.True(await IndexingOf(api, Later).RunAsync(static () => false, default));
        Assert.Equal((1, 0), await CountsAsync(api));
        Assert.True(await IndexingOf(api, Later).RunAsync(static () => false, default));
        Assert.Equal((1, 1), await CountsAsync(api));
        Assert.False(await IndexingOf(api, Later).RunAsync(static () => true, default));

        await api.InsertAsync(ApiDriver.BatchOf("a", Later.AddSeconds(1)).WithStatus(BatchStatus.Failed));
        Assert.False(await IndexingOf(api, Later).RunAsync(static () => true, default));
        Assert.Equal((1, 1), await CountsAsync(api));
        Assert.False(await IndexingOf(api, Later.AddHours(1)).RunAsync(static () => true, default));
        Assert.Equal((2, 1), await CountsAsync(api));

        static async Task<(long, long)> CountsAsync(ApiDriver api)
        {
            var index = api.Get<BatchIndex>();
            return ((await index.MarkOfAsync("a", default)).Count, (await index.MarkOfAsync("b", default)).Count);
        }
    }

    /// <summary>Puts into the index what had ended at a time, as far as it is known to be all.</summary>
    private static async Task<BatchIndexMark> IndexAsync(ApiDriver api, string tenant, DateTimeOffset until)
    {
        Assert.True(await IndexingOf(api, until).IndexAsync(tenant, DateTimeOffset.MaxValue, static () => true, default));
        return await api.Get<BatchIndex>().MarkOfAsync(tenant, default);
    }

    private static BatchIndexing IndexingOf(ApiDriver api, DateTimeOffset until, ProtocolSteps? steps = null) => new(
        api.Get<BatchSlices>(),
        api.Get<BatchIndex>(),
        steps ?? api.Get<ProtocolSteps>(),
        api.Get<RareLog>(),
        new FakeTimeProvider(until + BatchIndexing.LeastAge),
        NullLogger<BatchIndexing>.Instance);

    private static async Task<int> EntriesAsync(ApiDriver api, Batch batch)
    {
        var rows = api.Get<StorageClients>().Tables.GetTableClient(TableNames.BatchIndex).QueryAsync<Azure.Data.Tables.TableEntity>();
        return await rows.CountAsync(row => row.RowKey.EndsWith(IdKind.Batch.RowKeyOf(batch.Id), StringComparison.Ordinal));
    }
}
