using System.Text.Json.Nodes;
using BatchFunctions.Batches;
using BatchFunctions.Ids;
using BatchFunctions.Lines;
using BatchFunctions.StrictStorage.Chance;
using BatchFunctions.Testing;
using CsCheck;

namespace BatchFunctions.IntegrationTests.Api;

/// <summary>The list asked for some batches alone.</summary>
public sealed class BatchFilterTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly string[] Endpoints = ["/v1/chat/completions", "/v1/embeddings"];
    private static readonly string?[] Models = [null, "small", "large"];

    private static readonly Gen<Batch> Batches = Gen.Select(
        Gen.Enum<BatchStatus>(), Gen.Int[0, 1], Gen.Int[0, 2], Gen.Int[0, 60], Gen.Int[0, 2],
        (status, endpoint, model, second, tag) =>
        {
            var batch = ApiDriver.BatchOf("t", Start.AddSeconds(second));
            return batch.WithStatus(status) with
            {
                Endpoint = Endpoints[endpoint],
                Model = Models[model],
                Metadata = tag == 2 ? null : new Dictionary<string, string> { ["tag"] = $"{tag}", ["other"] = "x" },
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
            Metadata = tag < 2 ? new Dictionary<string, string> { ["tag"] = $"{tag}" } : new Dictionary<string, string>(),
        });

    [Fact]
    public async Task A_walk_meets_each_match_once_while_batches_come_change_and_go()
    {
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount(new SeededChance(7)));
        var number = 0;
        await Gen.Select(Batches.Array[0, 40], Filters, Gen.Int[1, 7], Gen.Int[0, 1000]).SampleAsync(
            async (batches, filter, limit, seed) =>
            {
                var tenant = $"tenant-{Interlocked.Increment(ref number)}";
                var there = new Dictionary<string, Batch>();
                foreach (var batch in batches.Select(batch => batch with { Tenant = tenant }))
                {
                    await api.InsertAsync(batch);
                    there.Add(batch.Id, batch);
                }

                var steady = there.Values.Where(filter.Matches).Select(batch => batch.Id).ToHashSet();
                var random = new Random(seed);
                var seen = new List<string>();
                for (string? after = null; ;)
                {
                    var page = await api.Get<BatchList>().PageAsync(tenant, new BatchListing(after, limit, filter), default);
                    Assert.All(page.Batches, batch => Assert.True(filter.Matches(batch)));
                    Assert.True(page.Batches.Count > 0 || !page.HasMore);
                    seen.AddRange(page.Batches.Select(batch => batch.Id));
                    if (!page.HasMore)
                    {
                        break;
                    }

                    after = page.Batches[^1].Id;
                    await DisturbAsync(api, tenant, there, steady, random);
                }

                Assert.Equal(seen.Distinct(), seen);
                Assert.Equal(seen.OrderDescending(StringComparer.Ordinal), seen);
                Assert.Subset(seen.ToHashSet(), steady);
            },
            iter: 60,
            threads: 4);
    }

    [Theory]
    [InlineData("")]
    [InlineData("&created_after=1767323100")]
    [InlineData("&created_before=1767323100")]
    [InlineData("&created_after=1767323060&created_before=1767323100")]
    [InlineData("&endpoint=/v1/chat/completions")]
    [InlineData("&status=failed,in_progress")]
    [InlineData("&metadata[tag]=0")]
    public async Task Where_times_alone_are_asked_for_or_what_most_batches_have_a_page_is_one_request(string filter)
    {
        var chance = new CountingChance(rows => rows);
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount(chance));
        for (var i = 0; i < 150; i++)
        {
            await api.InsertAsync(ApiDriver.BatchOf("local", Start.AddSeconds(i)) with { Metadata = new Dictionary<string, string> { ["tag"] = "0" } });
        }

        _ = await api.GetJsonAsync("/v1/batches?limit=20");
        var before = chance.Queries;
        var page = await api.GetJsonAsync($"/v1/batches?limit=20{filter}");

        Assert.Equal(1, chance.Queries - before);
        Assert.Equal(20, page.GetProperty("data").GetArrayLength());
    }

    [Fact]
    public async Task Times_are_from_the_first_second_to_before_the_last()
    {
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount());
        foreach (var milliseconds in new[] { 0, 999, 1000, 1999, 2000 })
        {
            await api.AddAsync(DateTimeOffset.FromUnixTimeSeconds(1000).AddMilliseconds(milliseconds));
        }

        Assert.Equal([1001, 1001], await CreatedAsync(api, "created_after=1001&created_before=1002"));
        Assert.Equal([1002, 1001, 1001], await CreatedAsync(api, "created_after=1001"));
        Assert.Equal([1000, 1000], await CreatedAsync(api, "created_before=1001"));
        Assert.Empty(await CreatedAsync(api, "created_after=1002&created_before=1001"));
    }

    [Fact]
    public async Task A_page_reads_so_much_and_no_more()
    {
        // Each request looks at one row.
        var chance = new CountingChance(_ => 1);
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount(chance));
        for (var i = 0; i < 2 * BatchStore.MostRequests; i++)
        {
            var batch = ApiDriver.BatchOf("local", Start.AddSeconds(i));
            Assert.NotNull(await api.Batches.TryInsertAsync(batch with { Model = i == 35 ? "rare" : "usual" }, default));
        }

        var before = chance.Queries;
        var page = await api.GetJsonAsync("/v1/batches?model=rare");
        Assert.Equal(BatchStore.MostRequests, chance.Queries - before);
        Assert.Equal(1, page.GetProperty("data").GetArrayLength());
        Assert.True(page.GetProperty("has_more").GetBoolean());
        var rest = await api.GetJsonAsync($"/v1/batches?model=rare&after={page.GetProperty("last_id").GetString()}&created_after={(Start.AddSeconds(20).ToUnixTimeSeconds())}");
        Assert.Equal("""{"object":"list","data":[],"first_id":null,"last_id":null,"has_more":false}""", rest.GetRawText());

        using var refused = await api.Client.GetAsync(new Uri("/v1/batches?model=none", UriKind.Relative));
        Assert.Equal(400, (int)refused.StatusCode);
        Assert.Contains("search_too_broad", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("&model=usual")]
    public async Task Batches_that_were_just_deleted_count_against_no_page(string filter)
    {
        var chance = new CountingChance(rows => rows);
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount(chance));
        for (var i = 0; i < 3 * BatchStore.MostRequests; i++)
        {
            var batch = ApiDriver.BatchOf("local", Start.AddSeconds(i)).WithStatus(BatchStatus.Completed) with { Model = "usual", Deleted = i > 1 };
            Assert.NotNull(await api.Batches.TryInsertAsync(batch, default));
        }

        _ = await api.GetJsonAsync("/v1/batches?limit=1&created_after=253402300799");
        var before = chance.Queries;
        var page = await api.GetJsonAsync($"/v1/batches?limit=1{filter}");

        Assert.Equal((1, true), (page.GetProperty("data").GetArrayLength(), page.GetProperty("has_more").GetBoolean()));
        Assert.Equal(2, chance.Queries - before);
    }

    [Fact]
    public async Task A_page_among_deleted_batches_reads_so_much_and_no_more()
    {
        // Each request looks at one row.
        var chance = new CountingChance(_ => 1);
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount(chance));
        for (var i = 0; i < 2 * BatchStore.MostRequests; i++)
        {
            Assert.NotNull(await api.Batches.TryInsertAsync(ApiDriver.BatchOf("local", Start.AddSeconds(i)) with { Deleted = i < 35 }, default));
        }

        _ = await api.GetJsonAsync("/v1/batches?limit=1&created_after=253402300799");
        var before = chance.Queries;
        var page = await api.GetJsonAsync("/v1/batches?limit=10");

        Assert.InRange(chance.Queries - before, 1, BatchStore.MostRequests + 1);
        Assert.Equal((5, true), (page.GetProperty("data").GetArrayLength(), page.GetProperty("has_more").GetBoolean()));
    }

    [Theory]
    [InlineData("in_progress", 2, 1)]
    [InlineData("validating,cancelling", 2, 0)]
    [InlineData("in_progress&created_after=1767323045", 2, 1)]
    [InlineData("in_progress&created_before=1767323045", 2, 0)]
    [InlineData("in_progress&model=none", 2, 0)]
    public async Task What_has_not_ended_is_not_looked_for_behind_the_oldest_of_it(string status, int requests, int found)
    {
        // Each request looks at one row, and there are more than a page may ask for.
        var chance = new CountingChance(_ => 1);
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount(chance));
        for (var i = 0; i < 2 * BatchStore.MostRequests; i++)
        {
            await api.InsertAsync(ApiDriver.BatchOf("local", Start.AddSeconds(i)).WithStatus(BatchStatus.Completed));
        }

        await api.InsertAsync(ApiDriver.BatchOf("local", Start.AddSeconds(100)));
        await api.InsertAsync(ApiDriver.BatchOf("other", Start.AddSeconds(-100)));
        _ = await api.GetJsonAsync("/v1/batches?limit=1");

        var before = chance.Queries;
        var page = await api.GetJsonAsync($"/v1/batches?status={status}");

        Assert.Equal(requests, chance.Queries - before);
        Assert.Equal(found, page.GetProperty("data").GetArrayLength());
        Assert.False(page.GetProperty("has_more").GetBoolean());
    }

    [Fact]
    public async Task Where_all_have_ended_there_is_nothing_to_look_for()
    {
        var chance = new CountingChance(_ => 1);
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount(chance));
        for (var i = 0; i < 2 * BatchStore.MostRequests; i++)
        {
            await api.InsertAsync(ApiDriver.BatchOf("local", Start.AddSeconds(i)).WithStatus(BatchStatus.Completed));
        }

        _ = await api.GetJsonAsync("/v1/batches?limit=1");
        var before = chance.Queries;
        var page = await api.GetJsonAsync("/v1/batches?status=in_progress,finalizing");

        Assert.Equal(1, chance.Queries - before);
        Assert.Equal("""{"object":"list","data":[],"first_id":null,"last_id":null,"has_more":false}""", page.GetRawText());
    }

    [Theory]
    [InlineData("model", LineChecker.MaxModelCharacters, 1)]
    [InlineData("model", LineChecker.MaxModelCharacters + 1, 0)]
    [InlineData("model", 20_000, 0)]
    [InlineData("endpoint", 20_000, 0)]
    [InlineData("status=in_progress&model", 20_000, 0)]
    public async Task Storage_is_not_asked_for_what_is_longer_than_any_batch_has(string parameter, int length, int requests)
    {
        var chance = new CountingChance(rows => rows);
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount(chance));
        _ = await api.GetJsonAsync("/v1/batches?limit=1");
        var before = chance.Queries;
        var page = await api.GetJsonAsync($"/v1/batches?{parameter}={new string('x', length)}");

        Assert.Equal("""{"object":"list","data":[],"first_id":null,"last_id":null,"has_more":false}""", page.GetRawText());
        Assert.Equal(requests, chance.Queries - before);
    }

    [Theory]
    [InlineData("/v1/batches?limit=1&")]
    [InlineData("/v1/files?")]
    [InlineData("/v1/usage?")]
    [InlineData("/v1/webhooks/deliveries?")]
    public async Task What_clients_of_azure_openai_send_with_every_request_is_ignored(string asked)
    {
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount());
        var page = await api.GetJsonAsync($"{asked}api-version=2024-10-21");
        Assert.False(page.GetProperty("has_more").GetBoolean());
    }

    [Theory]
    [InlineData("stat=completed", "unknown_parameter", "stat")]
    [InlineData("status=done", "invalid_value", "status")]
    [InlineData("status=", "invalid_value", "status")]
    [InlineData("status=completed,,failed", "invalid_value", "status")]
    [InlineData("created_after=yesterday", "invalid_type", "created_after")]
    [InlineData("created_before=-1", "integer_below_min_value", "created_before")]
    [InlineData("created_before=253402300800", "integer_above_max_value", "created_before")]
    [InlineData("model=a&model=b", "invalid_type", "model")]
    [InlineData("metadata=x", "unknown_parameter", "metadata")]
    [InlineData("metadata[]=x", "unknown_parameter", "metadata[]")]
    [InlineData("Limit=1", "unknown_parameter", "Limit")]
    public async Task A_wrong_parameter_is_refused_by_its_name(string query, string code, string param)
    {
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount());
        using var response = await api.Client.GetAsync(new Uri($"/v1/batches?{query}", UriKind.Relative));
        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;
        Assert.Equal((400, code, param), ((int)response.StatusCode, error["code"]!.GetValue<string>(), error["param"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Statuses_may_be_given_in_one_or_several_parameters_and_text_is_taken_as_it_is()
    {
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount());
        var odd = ApiDriver.BatchOf("local", Start) with { Model = "o'hara & co", Metadata = new Dictionary<string, string> { ["job]"] = "a'b" } };
        await api.InsertAsync(odd);
        Assert.NotNull(await api.Batches.TryInsertAsync(ApiDriver.BatchOf("local", Start.AddSeconds(1)).WithStatus(BatchStatus.Failed), default));
        Assert.NotNull(await api.Batches.TryInsertAsync(ApiDriver.BatchOf("other", Start.AddSeconds(1)), default));

        Assert.Equal(2, (await CreatedAsync(api, "status=failed,in_progress")).Count);
        Assert.Equal(2, (await CreatedAsync(api, "status=failed&status=in_progress")).Count);
        Assert.Single(await CreatedAsync(api, "status=in_progress"));
        Assert.Single(await CreatedAsync(api, $"model={Uri.EscapeDataString("o'hara & co")}"));
        Assert.Single(await CreatedAsync(api, $"metadata[{Uri.EscapeDataString("job]")}]={Uri.EscapeDataString("a'b")}"));
        Assert.Empty(await CreatedAsync(api, "metadata[job]=ab&model=nobody"));

        // Keys that differ in their case alone are two.
        await api.InsertAsync(ApiDriver.BatchOf("local", Start) with { Metadata = new Dictionary<string, string> { ["Team"] = "a", ["team"] = "b+c" } });
        Assert.Single(await CreatedAsync(api, "metadata[Team]=a&metadata[team]=b%2Bc"));
        Assert.Empty(await CreatedAsync(api, "metadata[Team]=b%2Bc"));
    }

    private static async Task<IReadOnlyList<long>> CreatedAsync(ApiDriver api, string query) =>
        [.. (await api.GetJsonAsync($"/v1/batches?{query}")).GetProperty("data").EnumerateArray().Select(batch => batch.GetProperty("created_at").GetInt64())];

    /// <summary>What others do meanwhile; what matched and does not any more, or is gone, need not be met.</summary>
    private static async Task DisturbAsync(ApiDriver api, string tenant, Dictionary<string, Batch> there, HashSet<string> steady, Random random)
    {
        var added = ApiDriver.BatchOf(tenant, Start.AddSeconds(random.Next(60))) with { Model = "small" };
        await api.InsertAsync(added);
        if (there.Count > 0)
        {
            var gone = there.Keys.ElementAt(random.Next(there.Count));
            steady.Remove(gone);
            there.Remove(gone);
            await api.RemoveRowAsync(new BatchKey(tenant, gone));
        }
    }
}
