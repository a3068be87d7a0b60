using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Azure.Core;
using Azure.Data.Tables;
using BatchFunctions.Batches;
using BatchFunctions.Idempotency;
using BatchFunctions.Ids;
using BatchFunctions.Storage;
using BatchFunctions.Testing;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.IntegrationTests.Api;

/// <summary>Requests that are sent twice, and make one thing.</summary>
public sealed class IdempotencyTests : IAsyncLifetime
{
    private const string Header = "Idempotency-Key";

    private ApiDriver _api = null!;
    private string _file = null!;

    public async Task InitializeAsync()
    {
        _api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount(), new Dictionary<string, string?> { ["Batch:Quota:MaxBatches"] = "2000" });
        _file = (await UploadAsync(null, "a")).Id;
    }

    public async Task DisposeAsync() => await _api.DisposeAsync();

    [Fact]
    public async Task A_batch_that_is_asked_for_twice_is_made_once()
    {
        var first = await CreateAsync("k1");
        var second = await CreateAsync("k1");
        var other = await CreateAsync("k2");

        Assert.Equal((HttpStatusCode.OK, "k1", null), (first.Status, first.Key, first.Replayed));
        Assert.Equal((HttpStatusCode.OK, "k1", "true"), (second.Status, second.Key, second.Replayed));
        Assert.Equal(first.Id, second.Id);
        Assert.NotEqual(first.Id, other.Id);
        Assert.Equal(2, await CountAsync());

        // By the property of the body, and with its properties in another order, too.
        var third = await SendAsync("/v1/batches", null, $$$"""{"metadata":null,"idempotency_key":"k1","completion_window":"24h","endpoint":"/v1/chat/completions","input_file_id":"{{{_file}}}"}""");
        Assert.Equal((first.Id, "true"), (third.Id, third.Replayed));
    }

    [Fact]
    public async Task A_key_stands_for_one_content_of_one_project_and_one_kind_of_thing()
    {
        var first = await CreateAsync("k");
        var other = await CreateAsync("k", metadata: """{"job":"other"}""");
        Assert.Equal((HttpStatusCode.Conflict, "idempotency_key_reused", "false"), (other.Status, other.Code, other.ShouldRetry));
        Assert.Equal(1, await CountAsync());

        var upload = await SendAsync("/v1/uploads", "k", """{"filename":"a.jsonl","purpose":"batch","bytes":10,"mime_type":"text/jsonl"}""");
        Assert.Equal(HttpStatusCode.OK, upload.Status);
        Assert.Equal(HttpStatusCode.OK, (await UploadAsync("k", "b")).Status);
        using var stranger = await _api.ClientOfAsync("another");
        var strangers = await UploadAsync("k", "c", stranger);
        Assert.Equal((HttpStatusCode.OK, null), (strangers.Status, strangers.Replayed));
        Assert.Equal(first.Id, (await CreateAsync("k")).Id);
    }

    [Fact]
    public async Task A_file_and_an_upload_that_come_twice_are_one()
    {
        var first = await UploadAsync("k", "b");
        var second = await UploadAsync("k", "b");
        var inForm = await UploadAsync(null, "b", field: "k");
        Assert.Equal((first.Id, "true"), (second.Id, second.Replayed));
        Assert.Equal((first.Id, "true"), (inForm.Id, inForm.Replayed));
        Assert.Equal("idempotency_key_reused", (await UploadAsync("k", "c")).Code);
        Assert.Equal("idempotency_key_reused", (await UploadAsync("k", "b", name: "other.jsonl")).Code);
        Assert.Equal(2, (await _api.GetJsonAsync("/v1/files")).GetProperty("data").GetArrayLength());

        const string body = """{"filename":"a.jsonl","purpose":"batch","bytes":10,"mime_type":"text/jsonl"}""";
        var upload = await SendAsync("/v1/uploads", "u", body);
        Assert.Equal((upload.Id, "true"), ((await SendAsync("/v1/uploads", "u", body)) is var again ? (again.Id, again.Replayed) : default));
        Assert.Equal("idempotency_key_reused", (await SendAsync("/v1/uploads", "u", body.Replace("10", "11", StringComparison.Ordinal))).Code);
    }

    [Fact]
    public async Task Of_pairs_that_come_at_once_each_makes_one_batch()
    {
        const int pairs = 150;
        var answers = new Answer[2 * pairs];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, 2 * pairs),
            new ParallelOptions { MaxDegreeOfParallelism = 24 },
            async (number, _) => answers[number] = await CreateAsync($"pair-{number / 2}"));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        Assert.All(Enumerable.Range(0, pairs), pair => Assert.Equal(answers[2 * pair].Id, answers[(2 * pair) + 1].Id));
        Assert.Equal(pairs, answers.Select(answer => answer.Id).Distinct().Count());
        Assert.Equal(pairs, answers.Count(answer => answer.Replayed is not null));
        Assert.Equal(pairs, await CountAsync());
    }

    [Fact]
    public async Task A_request_that_was_refused_leaves_its_key_free()
    {
        using var stranger = await _api.ClientOfAsync("another");
        var refused = await SendAsync("/v1/batches", "k", BodyOf(_file, null), stranger);
        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);

        var own = (await UploadAsync(null, "d", stranger)).Id;
        Assert.Equal(HttpStatusCode.OK, (await SendAsync("/v1/batches", "k", BodyOf(own, null), stranger)).Status);
    }

    [Fact]
    public async Task What_a_crash_left_of_a_claim_is_taken_over()
    {
        await ClaimAsync("k", TimeSpan.FromMinutes(4));

        var made = await CreateAsync("k");

        Assert.Equal((HttpStatusCode.OK, null), (made.Status, made.Replayed));
        Assert.Equal((made.Id, "true"), ((await CreateAsync("k")) is var again ? (again.Id, again.Replayed) : default));
    }

    [Fact]
    public async Task One_that_comes_while_another_is_at_it_gets_what_that_makes()
    {
        var claimed = await ClaimAsync("k", TimeSpan.Zero);
        var waiting = CreateAsync("k");
        Assert.False(waiting.IsCompleted);
        var row = ApiDriver.BatchOf("local", IdKind.Batch.CreatedAt(claimed)) with { Id = claimed };
        Assert.NotNull(await _api.Batches.TryInsertAsync(row, default));

        Assert.Equal((claimed, "true"), (await waiting) is var made ? (made.Id, made.Replayed) : default);
    }

    [Fact]
    public async Task A_key_stands_for_a_day_and_leaves_no_row_for_ever()
    {
        await ClaimAsync("old", TimeSpan.FromHours(25));
        await ClaimAsync("older", TimeSpan.FromHours(30));
        await ClaimAsync("young", TimeSpan.FromHours(23));

        var made = await CreateAsync("old");

        Assert.Equal((HttpStatusCode.OK, null), (made.Status, made.Replayed));
        var rows = await _api.Get<StorageClients>().Tables.GetTableClient(TableNames.Idempotency).QueryAsync<TableEntity>().ToListAsync();
        Assert.Equal(2, rows.Count);
    }

    [Fact]
    public async Task Rows_that_stand_for_nothing_go_by_the_hundred_faster_than_others_come()
    {
        var table = _api.Get<StorageClients>().Tables.GetTableClient(TableNames.Idempotency);
        foreach (var keys in Enumerable.Range(0, 250).Chunk(100))
        {
            await table.SubmitTransactionAsync(keys.Select(key => new TableTransactionAction(
                TableTransactionActionType.Add,
                new TableEntity("local", $"old{key}") { ["Digest"] = "d", ["Id"] = "i", ["At"] = DateTimeOffset.UtcNow.AddDays(-2) })));
        }

        var store = new IdempotencyStore(_api.Get<StorageClients>(), TimeProvider.System);
        var left = new List<int>();
        for (var number = 0; number < 4; number++)
        {
            await store.ClaimAsync(new IdempotentRequest("local", "batch", $"{number}", "d"), IdKind.Batch.New(DateTimeOffset.UtcNow), default);
            left.Add(await table.QueryAsync<TableEntity>().CountAsync());
        }

        Assert.Equal([151, 52, 3, 4], left);
    }

    [Fact]
    public async Task A_row_that_cannot_be_removed_keeps_no_request_from_its_answer()
    {
        await ClaimAsync("old", TimeSpan.FromHours(25));
        var refused = 0;
        _api.Storage.Refuse(request =>
        {
            var clears = request.Method == RequestMethod.Delete || request.Uri.Path.EndsWith("$batch", StringComparison.Ordinal);
            refused += clears ? 1 : 0;
            return clears ? 500 : null;
        });

        Assert.Equal(HttpStatusCode.OK, (await CreateAsync("new")).Status);
        Assert.True(refused > 0);
    }

    [Fact]
    public async Task A_key_that_cannot_be_given_up_takes_no_refusals_place()
    {
        var body = $$"""{"input_file_id":"{{IdKind.File.New(DateTimeOffset.UtcNow)}}","endpoint":"/v1/chat/completions","completion_window":"24h"}""";
        var refused = await SendAsync("/v1/batches", "k1", body);
        _api.Storage.GoDown(request => request.Method == RequestMethod.Delete);

        var again = await SendAsync("/v1/batches", "k2", body);

        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.Equal((refused.Status, refused.Code), (again.Status, again.Code));
    }

    [Theory]
    [InlineData("", "'Idempotency-Key'")]
    [InlineData("two words", "no spaces")]
    public async Task What_is_no_key_is_refused(string key, string why)
    {
        var answer = await CreateAsync(key);
        Assert.Equal((HttpStatusCode.BadRequest, Header), (answer.Status, answer.Param));
        Assert.Contains(why, answer.Message, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await UploadAsync(new string('k', 256), "b")).Status);
        var differ = await SendAsync("/v1/batches", "k1", BodyOf(_file, null).Replace("{", """{"idempotency_key":"k2",""", StringComparison.Ordinal));
        Assert.Equal((HttpStatusCode.BadRequest, "idempotency_key"), (differ.Status, differ.Param));
        Assert.Equal(0, await CountAsync());
    }

    /// <summary>Claims a key as a request does that gets no further.</summary>
    private async Task<string> ClaimAsync(string key, TimeSpan age)
    {
        var then = new FakeTimeProvider(DateTimeOffset.UtcNow - age);
        var store = new IdempotencyStore(_api.Get<StorageClients>(), then);
        var wanted = new NewBatch("local", _file, InputLines.Endpoint, "24h", null, null);
        var claim = await store.ClaimAsync(new IdempotentRequest("local", "batch", key, wanted.Digest), IdKind.Batch.New(then.GetUtcNow()), default);
        Assert.True(claim.IsNew);
        return claim.Id;
    }

    private async Task<int> CountAsync() => await _api.Get<StorageClients>().Tables.GetTableClient(TableNames.Batches)
        .QueryAsync<TableEntity>("PartitionKey eq 'local'", select: ["RowKey"]).CountAsync();

    private Task<Answer> CreateAsync(string key, string? metadata = null) => SendAsync("/v1/batches", key, BodyOf(_file, metadata));

    private static string BodyOf(string file, string? metadata) =>
        $$"""{"input_file_id":"{{file}}","endpoint":"/v1/chat/completions","completion_window":"24h","metadata":{{metadata ?? "null"}}}""";

    private Task<Answer> SendAsync(string path, string? key, string body, HttpClient? client = null) =>
        SendAsync(path, key, new StringContent(body, Encoding.UTF8, "application/json"), client);

    private Task<Answer> UploadAsync(string? key, string id, HttpClient? client = null, string name = "in.jsonl", string? field = null)
    {
        var form = new MultipartFormDataContent { { new StringContent("batch"), "purpose" } };
        if (field is not null)
        {
            form.Add(new StringContent(field), "idempotency_key");
        }

        form.Add(new StringContent(InputLines.Chat(id, id)), "file", name);
        return SendAsync("/v1/files", key, form, client);
    }

    private async Task<Answer> SendAsync(string path, string? key, HttpContent content, HttpClient? client)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        if (key is not null)
        {
            request.Headers.TryAddWithoutValidation(Header, key);
        }

        using var response = await (client ?? _api.Client).SendAsync(request);
        var body = (await response.Content.ReadFromJsonAsync<JsonNode>())!;
        var error = body["error"];
        return new Answer(
            response.StatusCode,
            (string?)body["id"] ?? "",
            First(response, Header),
            First(response, "Idempotent-Replayed"),
            First(response, "x-should-retry"),
            (string?)error?["code"],
            (string?)error?["param"],
            (string?)error?["message"]);
    }

    private static string? First(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.First() : null;

    private sealed record Answer(
        HttpStatusCode Status, string Id, string? Key, string? Replayed, string? ShouldRetry, string? Code, string? Param, string? Message);
}
