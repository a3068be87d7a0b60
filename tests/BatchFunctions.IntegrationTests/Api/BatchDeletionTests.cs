using System.Net;
using System.Text.Json;
using Azure.Data.Tables;
using Azure.Storage.Blobs.Models;
using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Files;
using BatchFunctions.Ids;
using BatchFunctions.IntegrationTests.Files;
using BatchFunctions.IntegrationTests.Processing;
using BatchFunctions.Processing;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;
using BatchFunctions.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.IntegrationTests.Api;

/// <summary>Batches that are deleted with their files, and what a crash leaves of that.</summary>
public sealed class BatchDeletionTests : IAsyncLifetime
{
    /// <summary>Longer than a tombstone stays where the batch has just ended.</summary>
    private static readonly TimeSpan Awhile = TimeSpan.FromMinutes(3);

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly ScriptedSteps _steps = new();
    private readonly ScriptedUpstream _upstream = new();
    private ApiDriver _api = null!;

    public async Task InitializeAsync()
    {
        await _upstream.Answer(call => call.Marker == "m1" ? ScriptedAnswer.Error(400) : ScriptedAnswer.Chat(call)).StartAsync();
        _api = await ApiDriver.StartAsync(
            TestStorage.NewStrictAccount(),
            new Dictionary<string, string?> { ["Batch:Upstream:BaseUrl"] = _upstream.Address.ToString() },
            services => services.AddSingleton<TimeProvider>(_time).AddSingleton<ProtocolSteps>(_steps));
    }

    public async Task DisposeAsync()
    {
        await _api.DisposeAsync();
        await _upstream.DisposeAsync();
    }

    [Fact]
    public async Task An_ended_batch_is_gone_in_every_way_with_its_files_and_its_input_stays()
    {
        var older = await EndedAsync();
        var batch = await EndedAsync();
        var newer = await EndedAsync();

        var answer = (await DeleteAsync(batch.Id)).Should(200);

        Assert.Equal($$"""{"id":"{{batch.Id}}","object":"batch","deleted":true}""", answer.Body);
        (await AskAsync(HttpMethod.Get, $"v1/batches/{batch.Id}")).ShouldFail(404, null, null);
        (await AskAsync(HttpMethod.Get, $"v1/batches/{batch.Id}/errors")).ShouldFail(404, null, null);
        (await AskAsync(HttpMethod.Post, $"v1/batches/{batch.Id}/cancel")).ShouldFail(404, null, null);
        (await AskAsync(HttpMethod.Post, $"v1/batches/{batch.Id}/retry")).ShouldFail(404, null, null);
        (await DeleteAsync(batch.Id)).ShouldFail(404, null, null);
        foreach (var file in batch.ResultFileIds)
        {
            (await AskAsync(HttpMethod.Get, $"v1/files/{file}")).ShouldFail(404, null, "id");
        }

        (await AskAsync(HttpMethod.Get, $"v1/files/{batch.InputFileId}/content")).Should(200);

        // Before the row is gone and after, as a row of the list and as its cursor.
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal([newer.Id, older.Id], (await AskAsync(HttpMethod.Get, "v1/batches")).Should(200).Ids);
            var page = (await AskAsync(HttpMethod.Get, "v1/batches?limit=1")).Should(200);
            Assert.Equal([newer.Id], page.Ids);
            Assert.True(page.Json.GetProperty("has_more").GetBoolean());
            var last = (await AskAsync(HttpMethod.Get, $"v1/batches?limit=1&after={batch.Id}")).Should(200);
            Assert.Equal([older.Id], last.Ids);
            Assert.False(last.Json.GetProperty("has_more").GetBoolean());
            await _api.Get<Expiry>().RunDueAsync(default);
        }

        Assert.Empty(await LeftOfAsync(batch));
        await LetPassAsync(TimeSpan.FromDays(9));
        Assert.Empty(await LeftOfAsync(batch, withEntries: true));
        Assert.NotEmpty(await LeftOfAsync(older));
    }

    [Fact]
    public async Task One_that_has_not_ended_or_is_anothers_stays()
    {
        var running = await CreatedAsync();
        var ended = await EndedAsync();
        using var other = await _api.ClientOfAsync("other");

        var refused = (await DeleteAsync(running)).ShouldFail(409, "batch_not_ended", null);

        Assert.Equal("false", refused.Headers["x-should-retry"]);
        using var response = await other.DeleteAsync(new Uri($"v1/batches/{ended.Id}", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        (await DeleteAsync("nonsense")).ShouldFail(404, null, null);
        Assert.Equal([ended.Id, running], (await AskAsync(HttpMethod.Get, "v1/batches")).Should(200).Ids);
    }

    [Fact]
    public async Task One_that_is_being_retried_stays_and_a_retry_that_is_deleted_gives_its_place_to_its_own()
    {
        var original = await EndedAsync();
        var first = (await AskAsync(HttpMethod.Post, $"v1/batches/{original.Id}/retry")).Should(200).Text("id");
        (await DeleteAsync(original.Id)).ShouldFail(409, "batch_not_ended", null);
        await _api.Get<BatchValidation>().RunAsync(new BatchKey("local", first), default);
        var second = (await AskAsync(HttpMethod.Post, $"v1/batches/{first}/retry")).Should(200).Text("id");
        await _api.Get<BatchValidation>().RunAsync(new BatchKey("local", second), default);
        _time.Advance(Awhile);

        (await DeleteAsync(first)).Should(200);
        await _api.Get<Expiry>().RunDueAsync(default);

        Assert.Equal([second], (await FindAsync(original.Id))!.Retries);
        Assert.Equal(first, (await FindAsync(second))!.RetryOf);
        (await DeleteAsync(original.Id)).Should(200);
    }

    [Fact]
    public async Task Of_deletions_and_retries_at_once_none_takes_from_the_other_what_it_needs()
    {
        for (var round = 0; round < 6; round++)
        {
            var batch = await EndedAsync();
            var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => i % 2 == 0
                ? DeleteAsync(batch.Id)
                : AskAsync(HttpMethod.Post, $"v1/batches/{batch.Id}/retry")));

            var deleted = answers.Where((answer, i) => i % 2 == 0 && answer.Status == HttpStatusCode.OK).Count();
            var retried = answers.Where((answer, i) => i % 2 == 1 && answer.Status == HttpStatusCode.OK).ToList();
            Assert.Equal(1, deleted + retried.Count);
            foreach (var retry in retried)
            {
                await _api.Get<BatchValidation>().RunAsync(new BatchKey("local", retry.Text("id")), default);
                Assert.Equal(1, (await FindAsync(retry.Text("id")))!.Counts.Total);
            }
        }
    }

    [Theory]
    [InlineData(nameof(ProtocolStep.BatchTombstoneWritten), true)]
    [InlineData(nameof(ProtocolStep.FileTombstoneWritten), true)]
    [InlineData(nameof(ProtocolStep.DeletedBatchFilesGone), true)]
    [InlineData(nameof(ProtocolStep.DeletedBatchBlobsGone), false)]
    [InlineData(nameof(ProtocolStep.DeletedBatchUnlinked), false)]
    [InlineData(nameof(ProtocolStep.DeletedBatchRowRemoved), false)]
    public async Task A_crash_at_any_step_leaves_nothing_that_the_next_hours_sweep_does_not_remove(string name, bool isOfTheRequest)
    {
        var original = await EndedAsync();
        var id = (await AskAsync(HttpMethod.Post, $"v1/batches/{original.Id}/retry")).Should(200).Text("id");
        await _api.Get<BatchValidation>().RunAsync(new BatchKey("local", id), default);
        var batch = (await FindAsync(id))!;
        _time.Advance(Awhile);
        _steps.CrashAt(Enum.Parse<ProtocolStep>(name));

        (await DeleteAsync(batch.Id)).Should(isOfTheRequest ? 500 : 200);
        await _api.Get<Expiry>().RunDueAsync(default);
        Assert.True(_steps.Reached.ContainsKey(Enum.Parse<ProtocolStep>(name)));
        (await AskAsync(HttpMethod.Get, $"v1/batches/{batch.Id}")).ShouldFail(404, null, null);

        await LetPassAsync(TimeSpan.FromHours(2));
        Assert.Empty(await LeftOfAsync(batch));
        Assert.Empty((await FindAsync(original.Id))!.Retries);
        await LetPassAsync(TimeSpan.FromDays(9));
        Assert.Empty(await LeftOfAsync(batch, withEntries: true));
    }

    [Fact]
    public async Task A_crash_before_the_tombstone_leaves_the_batch_as_it_is()
    {
        var batch = await EndedAsync();
        await _api.Get<ExpiringStore>().AddAsync(
            new ExpiringEntry(ExpiringKind.DeletedBatch, "local", batch.Id, new BlobLocation(ContainerNames.Batches, batch.Id + "/"), _time.GetUtcNow()), default);

        await LetPassAsync(TimeSpan.FromDays(2));

        (await AskAsync(HttpMethod.Get, $"v1/batches/{batch.Id}")).Should(200);
        (await AskAsync(HttpMethod.Get, $"v1/files/{batch.OutputFileId}/content")).Should(200);
    }

    [Fact]
    public async Task A_row_that_storage_inserts_when_its_sender_has_long_given_it_up_goes_a_day_later()
    {
        var batch = await EndedAsync();
        (await DeleteAsync(batch.Id)).Should(200);
        await _api.Get<Expiry>().RunDueAsync(default);
        var late = ApiDriver.BatchOf("local", batch.CreatedAt) with { Id = batch.Id };
        Assert.NotNull(await _api.Batches.TryInsertAsync(late with { }, default));

        await LetPassAsync(TimeSpan.FromDays(2));

        Assert.Empty(await LeftOfAsync(batch));
    }

    [Fact]
    public async Task A_row_whose_insertion_storage_carries_out_a_second_time_is_refused_though_its_batch_is_deleted_as_soon_as_it_has_ended()
    {
        var key = new BatchKey("local", await CreatedAsync());
        var made = (await _api.Batches.FindAsync(key, default))!;
        await _api.Get<BatchValidation>().RunAsync(key, default);

        (await DeleteAsync(key.Id)).Should(200);
        await _api.Get<Expiry>().RunDueAsync(default);

        Assert.Null(await _api.Batches.TryInsertAsync(made, default));
        (await AskAsync(HttpMethod.Get, $"v1/batches/{key.Id}")).ShouldFail(404, null, null);
        Assert.Empty((await AskAsync(HttpMethod.Get, "v1/batches")).Should(200).Ids);
        await LetPassAsync(TimeSpan.FromHours(1));
        Assert.Empty(await LeftOfAsync(made));
    }

    private async Task LetPassAsync(TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += TimeSpan.FromHours(1))
        {
            _time.Advance(TimeSpan.FromHours(1));
            await _api.Get<Expiry>().RunDueAsync(default);
        }
    }

    /// <summary>What storage has of a batch, beside the tombstones of its files.</summary>
    private async Task<IReadOnlyList<string>> LeftOfAsync(Batch batch, bool withEntries = false)
    {
        var storage = _api.Get<StorageClients>();
        var left = new List<string>();
        foreach (var table in TableNames.All.Where(table => withEntries || table is not (TableNames.Expiring or TableNames.Files or TableNames.Usage)))
        {
            await foreach (var row in storage.Tables.GetTableClient(table).QueryAsync<TableEntity>())
            {
                var text = string.Join(' ', row.Where(pair => pair.Key is not ("RetryOf" or "Retries")).Select(pair => pair.Value));
                if (text.Contains(batch.Id, StringComparison.Ordinal) || text.Contains(IdKind.Batch.RowKeyOf(batch.Id), StringComparison.Ordinal)
                    || batch.ResultFileIds.Any(file => text.Contains(IdKind.File.RowKeyOf(file), StringComparison.Ordinal)))
                {
                    left.Add($"{table} {row.PartitionKey} {row.RowKey}");
                }
            }
        }

        await foreach (var blob in storage.Blobs.GetBlobContainerClient(ContainerNames.Batches).GetBlobsAsync(BlobTraits.None, BlobStates.Uncommitted, batch.Id, default))
        {
            left.Add(blob.Name);
        }

        return left;
    }

    private Task<Batch?> FindAsync(string id) => _api.Batches.FindAsync(new BatchKey("local", id), default);

    private async Task<string> CreatedAsync()
    {
        _time.Advance(TimeSpan.FromMinutes(1));
        var file = (await AskAsync(HttpMethod.Post, "v1/files", Forms.Of(
            Forms.Field("purpose", "batch"), Forms.File(BatchDriver.LinesOf(3), "input.jsonl")))).Should(200).Text("id");
        return (await AskAsync(HttpMethod.Post, "v1/batches", new StringContent(
            JsonSerializer.Serialize(new { input_file_id = file, endpoint = "/v1/chat/completions", completion_window = "24h" }),
            System.Text.Encoding.UTF8,
            "application/json"))).Should(200).Text("id");
    }

    /// <summary>A batch of three lines, one of which is refused, that has ended.</summary>
    private async Task<Batch> EndedAsync()
    {
        var key = new BatchKey("local", await CreatedAsync());
        await _api.Get<BatchValidation>().RunAsync(key, default);
        var ended = (await _api.Batches.FindAsync(key, default))!;
        Assert.Equal(new RequestCounts(3, 2, 1), ended.Counts);
        Assert.False(await _api.Get<ActiveBatchStore>().IsActiveAsync(key, default));
        _time.Advance(Awhile);
        return ended;
    }

    private Task<Answer> DeleteAsync(string id) => AskAsync(HttpMethod.Delete, $"v1/batches/{id}");

    private async Task<Answer> AskAsync(HttpMethod method, string path, HttpContent? content = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = content };
        using var response = await _api.Client.SendAsync(request);
        return await Answer.OfAsync(response);
    }
}
