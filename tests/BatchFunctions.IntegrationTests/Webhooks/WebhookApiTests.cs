using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Azure;
using Azure.Data.Tables;
using BatchFunctions.Batches;
using BatchFunctions.Configuration;
using BatchFunctions.IntegrationTests.Api;
using BatchFunctions.Receivers;
using BatchFunctions.Storage;
using BatchFunctions.StrictStorage.Chance;
using BatchFunctions.Testing;
using BatchFunctions.Webhooks;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.IntegrationTests.Webhooks;

public sealed class WebhookApiTests : IAsyncLifetime
{
    private const string Unknown = "webhook_00000000000000000000000000000000";

    private readonly ScriptedUpstream _receiver = new();
    private ApiDriver _api = null!;

    private Uri Address => new(_receiver.Address, "/events");

    public async Task InitializeAsync()
    {
        await _receiver.StartAsync();
        _api = await ApiDriver.StartAsync(
            TestStorage.NewStrictAccount(),
            new Dictionary<string, string?> { ["Batch:Webhooks:AllowedHosts"] = "127.0.0.1", ["Batch:Webhooks:MaxEndpoints"] = "3" });
    }

    public async Task DisposeAsync()
    {
        await _api.DisposeAsync();
        await _receiver.DisposeAsync();
    }

    [Fact]
    public async Task A_webhook_is_made_changed_and_deleted_and_shows_its_secret_once()
    {
        var made = await AskAsync(HttpMethod.Post, "/v1/webhooks", $$"""{"url":"{{Address}}","events":["batch.failed","batch.completed"],"name":"ops"}""");
        var (id, secret) = ((string)made["id"]!, (string)made["secret"]!);
        Assert.True(ReceiverSecret.TryRead(secret, out _));
        Assert.Equal(
            $$"""{"id":"{{id}}","object":"webhook","url":"{{Address}}","events":["batch.completed","batch.failed"],"name":"ops","status":"enabled","created_at":{{made["created_at"]}},"failing_since":null,"disabled_at":null,"disabled_reason":null}""",
            (await AskAsync(HttpMethod.Get, $"/v1/webhooks/{id}")).ToJsonString());

        var changed = await AskAsync(HttpMethod.Post, $"/v1/webhooks/{id}", """{"events":null,"name":"","status":"disabled"}""");
        Assert.Equal(("disabled", "requested", null, null), ((string?)changed["status"], (string?)changed["disabled_reason"], (string?)changed["name"], changed["secret"]));
        Assert.Equal(["batch.completed", "batch.failed"], changed["events"]!.AsArray().Select(type => (string)type!));
        Assert.Equal("enabled", (string?)(await AskAsync(HttpMethod.Post, $"/v1/webhooks/{id}", """{"status":"enabled"}"""))["status"]);

        var rotated = await AskAsync(HttpMethod.Post, $"/v1/webhooks/{id}/rotate_secret");
        Assert.True(ReceiverSecret.TryRead((string?)rotated["secret"], out _));
        Assert.NotEqual(secret, (string?)rotated["secret"]);
        var listed = await AskAsync(HttpMethod.Get, "/v1/webhooks");
        Assert.Equal([id], listed["data"]!.AsArray().Select(one => (string)one!["id"]!));
        Assert.DoesNotContain("whsec_", listed.ToJsonString(), StringComparison.Ordinal);

        Assert.Equal($$"""{"id":"{{id}}","object":"webhook","deleted":true}""", (await AskAsync(HttpMethod.Delete, $"/v1/webhooks/{id}")).ToJsonString());
        Assert.Equal(404, await StatusAsync(HttpMethod.Get, $"/v1/webhooks/{id}"));
        Assert.Empty((await AskAsync(HttpMethod.Get, "/v1/webhooks"))["data"]!.AsArray());
    }

    [Fact]
    public async Task Another_url_has_not_failed_yet()
    {
        var id = (string)(await AddAsync())["id"]!;
        await _api.Get<WebhookStore>().MutateAsync("local", id, webhook => webhook.Failed(isGone: false, DateTimeOffset.UtcNow, DateTimeOffset.UtcNow), default);

        Assert.NotNull((await AskAsync(HttpMethod.Post, $"/v1/webhooks/{id}", $$"""{"url":"{{Address}}"}"""))["failing_since"]);
        Assert.Null((await AskAsync(HttpMethod.Post, $"/v1/webhooks/{id}", $$"""{"url":"{{Address}}/new"}"""))["failing_since"]);
    }

    [Fact]
    public async Task One_that_is_deleted_as_soon_as_it_was_made_does_not_come_back_where_storage_inserts_its_row_a_second_time()
    {
        var id = (string)(await AddAsync())["id"]!;
        var table = _api.Get<StorageClients>().Tables.GetTableClient(TableNames.Webhooks);
        var late = await table.QueryAsync<TableEntity>().SingleAsync();

        await AskAsync(HttpMethod.Delete, $"/v1/webhooks/{id}");

        Assert.Equal(409, (await Assert.ThrowsAsync<RequestFailedException>(() => table.AddEntityAsync(late))).Status);
        Assert.Empty((await AskAsync(HttpMethod.Get, "/v1/webhooks"))["data"]!.AsArray());
        Assert.Empty(await _api.Get<WebhookStore>().ListSinceAsync("local", null, default));
        Assert.Equal(404, await StatusAsync(HttpMethod.Get, $"/v1/webhooks/{id}"));
        Assert.Equal(404, await StatusAsync(HttpMethod.Post, $"/v1/webhooks/{id}", """{"status":"enabled"}"""));
        Assert.Equal(404, await StatusAsync(HttpMethod.Delete, $"/v1/webhooks/{id}"));

        // Nothing of it is kept, and not for long: it goes as soon as it has had its time and another is made.
        var tombstone = await table.QueryAsync<TableEntity>().SingleAsync();
        Assert.DoesNotContain(tombstone.Select(column => column.Value).OfType<string>(), text => text.Contains("whsec_", StringComparison.Ordinal) || text.Contains("127.0.0.1", StringComparison.Ordinal));
        var hourLater = new FakeTimeProvider(DateTimeOffset.UtcNow + TimeSpan.FromHours(1));
        using var later = new WebhookStore(_api.Get<StorageClients>(), hourLater);
        Assert.Equal(0, await later.CountAsync("local", default));
        Assert.Empty(await table.QueryAsync<TableEntity>().ToListAsync());
    }

    [Fact]
    public async Task A_test_tells_at_once_what_came_of_it()
    {
        var id = (string)(await AddAsync())["id"]!;
        var taken = await AskAsync(HttpMethod.Post, $"/v1/webhooks/{id}/test");
        Assert.Equal(("delivered", 200, 1, true), ((string?)taken["status"], (int?)taken["last_status"], (int?)taken["attempts"], (bool?)taken["test"]));
        Assert.Equal(Delivery.TestBatchId, _receiver.Calls[0].Json.GetProperty("data").GetProperty("id").GetString());

        var places = Enumerable.Range(0, DeliveryPlaces.MostOfHost).Select(_ => _api.Get<DeliveryPlaces>().TryEnter("local", "127.0.0.1")!).ToList();
        Assert.Equal(429, await StatusAsync(HttpMethod.Post, $"/v1/webhooks/{id}/test"));
        places.ForEach(place => place.Dispose());
        _receiver.Answer(_ => ScriptedAnswer.Error(500));
        var refused = await AskAsync(HttpMethod.Post, $"/v1/webhooks/{id}/test", """{"type":"batch.expired"}""");
        Assert.Equal(("failed", 500, "batch.expired", null), ((string?)refused["status"], (int?)refused["last_status"], (string?)refused["type"], refused["next_attempt_at"]));
        Assert.Null((await AskAsync(HttpMethod.Get, $"/v1/webhooks/{id}"))["failing_since"]);
        await _receiver.StopAsync();
        Assert.Equal("unreachable", (string?)(await AskAsync(HttpMethod.Post, $"/v1/webhooks/{id}/test"))["last_error"]);
        Assert.Equal(409, await StatusAsync(HttpMethod.Post, $"/v1/webhooks/deliveries/{taken["id"]}/resend"));
        Assert.Equal(3, (await AskAsync(HttpMethod.Get, "/v1/webhooks/deliveries"))["data"]!.AsArray().Count);
    }

    [Fact]
    public async Task An_event_is_signed_with_every_secret_of_the_last_day_however_often_it_was_rotated()
    {
        var made = await AddAsync();
        var id = (string)made["id"]!;
        var secrets = new List<string> { (string)made["secret"]! };
        foreach (var _ in Enumerable.Range(0, 2))
        {
            secrets.Insert(0, (string)(await AskAsync(HttpMethod.Post, $"/v1/webhooks/{id}/rotate_secret"))["secret"]!);
        }

        await AskAsync(HttpMethod.Post, $"/v1/webhooks/{id}/test");
        var call = Assert.Single(_receiver.Calls);
        var at = long.Parse($"{call.Headers["webhook-timestamp"]}", null);
        Assert.Equal(EventSignature.Of(secrets, $"{call.Headers["webhook-id"]}", at, call.Body.Span), $"{call.Headers["webhook-signature"]}");

        while (secrets.Count <= Webhook.MostOldSecrets)
        {
            secrets.Insert(0, (string)(await AskAsync(HttpMethod.Post, $"/v1/webhooks/{id}/rotate_secret"))["secret"]!);
        }

        Assert.Equal((409, null, "invalid_state"), await RefusedAsync(HttpMethod.Post, $"/v1/webhooks/{id}/rotate_secret", "{}"));
        Assert.Equal(secrets, (await _api.Get<WebhookStore>().FindAsync("local", id, default))!.ReceiverAt(DateTimeOffset.UtcNow).Secrets);
    }

    [Fact]
    public async Task Deliveries_are_listed_by_what_they_are_about_and_sent_again()
    {
        var id = (string)(await AddAsync())["id"]!;
        var batches = new List<Batch>();
        foreach (var status in new[] { BatchStatus.Completed, BatchStatus.Failed, BatchStatus.Cancelled })
        {
            var now = DateTimeOffset.UtcNow;
            batches.Add(ApiDriver.BatchOf("local", now).Finalize(status, now).End(new BatchEnd(status, now, null, null, default, default)));
            await _api.Get<BatchEvents>().AnnounceAsync(batches[^1], since: null, default);
        }

        Assert.Equal(3, (await ListAsync("")).Count);
        var first = Assert.Single(await ListAsync($"batch_id={batches[0].Id}"));
        Assert.Equal(("batch.completed", "pending", id), ((string?)first!["type"], (string?)first["status"], (string?)first["webhook_id"]));
        Assert.Equal(3, (await ListAsync($"webhook_id={id}&status=pending")).Count);
        Assert.Empty(await ListAsync($"webhook_id={Unknown}"));
        Assert.Empty(await ListAsync("status=delivered"));
        var page = await AskAsync(HttpMethod.Get, "/v1/webhooks/deliveries?limit=2");
        Assert.True((bool)page["has_more"]!);
        Assert.Single(await ListAsync($"after={page["last_id"]}"));

        // Whatever came of it: the same event, and three days anew.
        var store = _api.Get<DeliveryStore>();
        var given = await store.MutateAsync("local", (string)first["id"]!, delivery => delivery.GivenUp("not_tried", DateTimeOffset.UtcNow), default);
        var again = await AskAsync(HttpMethod.Post, $"/v1/webhooks/deliveries/{first["id"]}/resend");
        Assert.Equal(("pending", given!.EventId, 0), ((string?)again["status"], (string?)again["event_id"], (int?)again["attempts"]));
        await AskAsync(HttpMethod.Post, $"/v1/webhooks/{id}", """{"status":"disabled"}""");
        Assert.Equal(409, await StatusAsync(HttpMethod.Post, $"/v1/webhooks/deliveries/{first["id"]}/resend"));
    }

    [Fact]
    public async Task Another_projects_webhooks_and_deliveries_are_not_there()
    {
        var id = (string)(await AddAsync())["id"]!;
        var delivery = (string)(await AskAsync(HttpMethod.Post, $"/v1/webhooks/{id}/test"))["id"]!;
        using var stranger = await _api.ClientOfAsync("another");

        Assert.Empty((await AskAsync(HttpMethod.Get, "/v1/webhooks", client: stranger))["data"]!.AsArray());
        Assert.Empty((await AskAsync(HttpMethod.Get, "/v1/webhooks/deliveries", client: stranger))["data"]!.AsArray());
        foreach (var (method, path) in new[]
        {
            (HttpMethod.Get, $"/v1/webhooks/{id}"),
            (HttpMethod.Delete, $"/v1/webhooks/{id}"),
            (HttpMethod.Post, $"/v1/webhooks/{id}"),
            (HttpMethod.Post, $"/v1/webhooks/{id}/test"),
            (HttpMethod.Post, $"/v1/webhooks/{id}/rotate_secret"),
            (HttpMethod.Get, $"/v1/webhooks/deliveries/{delivery}"),
            (HttpMethod.Post, $"/v1/webhooks/deliveries/{delivery}/resend"),
        })
        {
            Assert.Equal(404, await StatusAsync(method, path, "{}", stranger));
        }

        Assert.Single(_receiver.Calls);
        Assert.Equal("enabled", (string?)(await AskAsync(HttpMethod.Get, $"/v1/webhooks/{id}"))["status"]);
    }

    [Fact]
    public async Task A_project_has_no_more_webhooks_than_it_may_even_if_they_are_made_at_once()
    {
        var statuses = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => StatusAsync(HttpMethod.Post, "/v1/webhooks", $$"""{"url":"{{Address}}"}""")));

        Assert.All(statuses, status => Assert.Contains(status, new[] { 200, 429 }));
        Assert.InRange((await AskAsync(HttpMethod.Get, "/v1/webhooks"))["data"]!.AsArray().Count, 0, 3);
        while (await StatusAsync(HttpMethod.Post, "/v1/webhooks", $$"""{"url":"{{Address}}"}""") == 200)
        {
            // Those that were refused together have left room.
        }

        Assert.Equal(3, (await AskAsync(HttpMethod.Get, "/v1/webhooks"))["data"]!.AsArray().Count);
        using var stranger = await _api.ClientOfAsync("another");
        Assert.Equal(200, await StatusAsync(HttpMethod.Post, "/v1/webhooks", $$"""{"url":"{{Address}}"}""", stranger));
    }

    [Theory]
    [InlineData("""{}""", "url", "missing_required_parameter")]
    [InlineData("""{"url":"http://example.com/"}""", "url", "invalid_value")]
    [InlineData("""{"url":"https://10.0.0.1/"}""", "url", "invalid_value")]
    [InlineData("""{"url":"https://example.com/","events":[]}""", "events", "invalid_value")]
    [InlineData("""{"url":"https://example.com/","events":["batch.begun"]}""", "events", "invalid_value")]
    [InlineData("""{"url":"https://example.com/","secret":"mine"}""", "secret", "unknown_parameter")]
    [InlineData("""{"url":7}""", "url", "invalid_type")]
    public async Task What_is_wrong_with_a_webhook_is_told(string body, string param, string code)
    {
        var refused = await RefusedAsync(HttpMethod.Post, "/v1/webhooks", body);
        Assert.Equal((400, param, code), refused);
    }

    [Theory]
    [InlineData("""{"url":"https://example.com/"}""", "webhook.secret", "missing_required_parameter")]
    [InlineData("""{"url":"https://example.com/","secret":"mine"}""", "webhook.secret", "invalid_value")]
    [InlineData("""{"url":"https://169.254.169.254/","secret":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}""", "webhook.url", "invalid_value")]
    [InlineData("""{"url":"https://example.com/","secret":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw","events":[]}""", "webhook.events", "unknown_parameter")]
    public async Task What_is_wrong_with_a_batchs_own_webhook_is_told(string webhook, string param, string code)
    {
        var refused = await RefusedAsync(
            HttpMethod.Post,
            "/v1/batches",
            $$"""{"input_file_id":"file-00000000000000000000000000000000","endpoint":"/v1/chat/completions","completion_window":"24h","webhook":{{webhook}}}""");
        Assert.Equal((400, param, code), refused);
    }

    [Theory]
    [InlineData("status=gone", "status")]
    [InlineData("webhook_id=x", "webhook_id")]
    [InlineData("after=x", "after")]
    [InlineData("limit=101", "limit")]
    [InlineData("endpoint=x", "endpoint")]
    public async Task What_is_wrong_with_a_list_of_deliveries_is_told(string query, string param)
    {
        var (status, named, _) = await RefusedAsync(HttpMethod.Get, $"/v1/webhooks/deliveries?{query}", null);
        Assert.Equal((400, param), (status, named));
    }

    [Fact]
    public async Task A_name_is_counted_in_code_points()
    {
        var name = string.Concat(Enumerable.Repeat("\U0001F514", 64));
        var made = await AskAsync(HttpMethod.Post, "/v1/webhooks", $$"""{"url":"{{Address}}","name":"{{name}}"}""");
        Assert.Equal(name, (string?)made["name"]);
        Assert.Equal((400, "name", "string_above_max_length"), await RefusedAsync(HttpMethod.Post, "/v1/webhooks", $$"""{"url":"{{Address}}","name":"{{name}}x"}"""));
    }

    [Fact]
    public async Task One_switch_keeps_all_events_from_being_sent()
    {
        var id = (string)(await AddAsync())["id"]!;
        var delivery = (string)(await AskAsync(HttpMethod.Post, $"/v1/webhooks/{id}/test"))["id"]!;
        _api.Get<IOptions<BatchOptions>>().Value.Webhooks.MaxEndpoints = 0;

        foreach (var (path, body) in new[]
        {
            ("/v1/webhooks", $$"""{"url":"{{Address}}"}"""),
            ($"/v1/webhooks/{id}/test", "{}"),
            ($"/v1/webhooks/deliveries/{delivery}/resend", "{}"),
            ("/v1/batches", """{"input_file_id":"file-00000000000000000000000000000000","endpoint":"/v1/chat/completions","completion_window":"24h","webhook":{"url":"https://example.com/","secret":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}}"""),
        })
        {
            Assert.Equal((403, null, "webhooks_disabled"), await RefusedAsync(HttpMethod.Post, path, body));
        }

        var now = DateTimeOffset.UtcNow;
        var batch = ApiDriver.BatchOf("local", now).Finalize(BatchStatus.Completed, now).End(new BatchEnd(BatchStatus.Completed, now, null, null, default, default));
        await _api.Get<BatchEvents>().AnnounceAsync(batch, since: null, default);
        Assert.Single(await ListAsync(""));
        Assert.Equal(200, await StatusAsync(HttpMethod.Delete, $"/v1/webhooks/{id}"));
        Assert.Single(_receiver.Calls);
    }

    [Fact]
    public async Task A_list_of_deliveries_reads_so_much_and_no_more()
    {
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount(new OneRowAtATime()));
        var deliveries = api.Get<DeliveryStore>();
        var start = DateTimeOffset.UtcNow;
        for (var i = 0; i < 2 * BatchStore.MostRequests; i++)
        {
            var at = start.AddSeconds(i);
            var delivery = Delivery.Of(ApiDriver.BatchOf("local", at).Key, EventTypes.All[0], at, Unknown);
            Assert.NotNull(await deliveries.TryInsertAsync(i == 35 ? delivery.Ended(at) : delivery, default));
        }

        var found = await deliveries.ListAsync("local", new DeliveryListing(null, 20, null, null, "failed"), default);
        Assert.Equal((1, true), (found.Deliveries.Count, found.HasMore));
        using var refused = await api.Client.GetAsync(new Uri("/v1/webhooks/deliveries?status=delivered", UriKind.Relative));
        Assert.Equal(400, (int)refused.StatusCode);
        Assert.Contains("search_too_broad", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        // Keys alone are followed to the end.
        Assert.Equal(2 * BatchStore.MostRequests, (await deliveries.ListAsync("local", new DeliveryListing(null, 100, null, null, null), default)).Deliveries.Count);
    }

    [Fact]
    public async Task A_batchs_own_webhook_is_kept_without_its_secret_in_any_answer()
    {
        using var form = new MultipartFormDataContent { { new StringContent("batch"), "purpose" }, { new StringContent(InputLines.Chat("a", "a")), "file", "in.jsonl" } };
        using var uploaded = await _api.Client.PostAsync(new Uri("/v1/files", UriKind.Relative), form);
        var file = (string)(await uploaded.Content.ReadFromJsonAsync<JsonNode>())!["id"]!;
        const string secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        var made = await AskAsync(
            HttpMethod.Post,
            "/v1/batches",
            $$$"""{"input_file_id":"{{{file}}}","endpoint":"/v1/chat/completions","completion_window":"24h","webhook":{"url":"https://example.com/hook","secret":"{{{secret}}}"}}""");

        Assert.Equal("""{"url":"https://example.com/hook"}""", made["webhook"]!.ToJsonString());
        var listed = (await _api.GetJsonAsync("/v1/batches")).GetRawText();
        Assert.Contains("example.com/hook", listed, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, listed, StringComparison.Ordinal);
        Assert.Equal(secret, (await _api.Batches.FindAsync("local", (string)made["id"]!, default))!.Webhook!.Secret);
    }

    private Task<JsonNode> AddAsync() => AskAsync(HttpMethod.Post, "/v1/webhooks", $$"""{"url":"{{Address}}"}""");

    private async Task<JsonArray> ListAsync(string query) => (await AskAsync(HttpMethod.Get, $"/v1/webhooks/deliveries?{query}"))["data"]!.AsArray();

    private async Task<JsonNode> AskAsync(HttpMethod method, string path, string? body = null, HttpClient? client = null)
    {
        using var response = await SendAsync(method, path, body, client);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{method} {path}: {(int)response.StatusCode} {text}");
        return JsonNode.Parse(text)!;
    }

    private async Task<int> StatusAsync(HttpMethod method, string path, string? body = null, HttpClient? client = null)
    {
        using var response = await SendAsync(method, path, body, client);
        return (int)response.StatusCode;
    }

    private async Task<(int Status, string? Param, string? Code)> RefusedAsync(HttpMethod method, string path, string? body)
    {
        using var response = await SendAsync(method, path, body, null);
        var error = (await response.Content.ReadFromJsonAsync<JsonNode>())!["error"]!;
        Assert.DoesNotContain("mine", (string?)error["message"], StringComparison.Ordinal);
        return ((int)response.StatusCode, (string?)error["param"], (string?)error["code"]);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? body, HttpClient? client)
    {
        using var request = new HttpRequestMessage(method, path)
        {
            Content = body is null || method != HttpMethod.Post ? null : new StringContent(body, Encoding.UTF8, "application/json"),
        };
        return await (client ?? _api.Client).SendAsync(request);
    }

    /// <summary>Each request looks at one row.</summary>
    private sealed class OneRowAtATime : StorageChance
    {
        public override int RowsPerPage(int rows) => Math.Min(rows, 1);
    }
}
