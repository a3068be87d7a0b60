using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Azure.Data.Tables;
using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Ids;
using BatchFunctions.Testing;

namespace BatchFunctions.IntegrationTests.Api;

/// <summary>Each error of the API as a client meets it: status, code, parameter, words, and the envelope with all four properties.</summary>
public sealed class ErrorTableTests : IAsyncLifetime
{
    private const string Valid = """{"input_file_id":"file-00000000000000000000000000000000","endpoint":"/v1/embeddings","completion_window":"24h"}""";
    private ApiDriver _api = null!;

    public async Task InitializeAsync() => _api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount());

    public async Task DisposeAsync() => await _api.DisposeAsync();

    [Theory]
    [InlineData("limit=101", "integer_above_max_value", "limit", "Invalid 'limit': integer above maximum value. Expected a value <= 100, but got 101 instead.")]
    [InlineData("limit=99999999999999999999", "integer_above_max_value", "limit", null)]
    [InlineData("limit=0", "integer_below_min_value", "limit", "Invalid 'limit': integer below minimum value. Expected a value >= 1, but got 0 instead.")]
    [InlineData("limit=-1", "integer_below_min_value", "limit", null)]
    [InlineData("limit=-99999999999999999999", "integer_below_min_value", "limit", null)]
    [InlineData("limit=abc", "invalid_type", "limit", "Invalid type for 'limit': expected an integer, but got a string instead.")]
    [InlineData("limit=", "invalid_type", "limit", null)]
    [InlineData("limit=1.0", "invalid_type", "limit", null)]
    [InlineData("limit=%2B5", "invalid_type", "limit", null)]
    [InlineData("limit=1&limit=2", "invalid_type", "limit", null)]
    [InlineData("after=nonsense", "invalid_value", "after", null)]
    [InlineData("after=", "invalid_value", "after", null)]
    [InlineData("after=batch_ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ", "invalid_value", "after", null)]
    [InlineData("after=batch_0000000000000000000000000000000%0A", "invalid_value", "after", null)]
    [InlineData("after=file-00000000000000000000000000000000", "invalid_value", "after", null)]
    [InlineData("after=batch_ffffffffffffffffffffffffffffffff", "invalid_value", "after", null)]
    [InlineData("after=a&after=b", "invalid_type", "after", null)]
    public async Task A_wrong_query_is_refused(string query, string code, string param, string? message)
    {
        using var response = await _api.Client.GetAsync(new Uri($"/v1/batches?{query}", UriKind.Relative));
        await AssertErrorAsync(response, 400, code, param, message);
    }

    [Theory]
    [InlineData("GET", "/v1/batches/batch_{0}", 404)]
    [InlineData("POST", "/v1/batches/batch_{0}/cancel", 404)]
    [InlineData("POST", "/v1/batches/batch_{0}/retry", 404)]
    [InlineData("DELETE", "/v1/batches/batch_{0}", 404)]
    [InlineData("GET", "/v1/batches/batch_{0}/progress", 404)]
    [InlineData("GET", "/v1/batches/batch_{0}/errors", 404)]
    [InlineData("GET", "/v1/files/file-{0}", 404)]
    [InlineData("DELETE", "/v1/files/file-{0}", 404)]
    [InlineData("POST", "/v1/uploads/upload_{0}/cancel", 404)]
    [InlineData("GET", "/v1/webhooks/deliveries?batch_id=batch_{0}", 400)]
    [InlineData("GET", "/v1/webhooks/deliveries?after=delivery_{0}", 400)]
    public async Task An_id_of_a_time_that_there_is_not_is_no_id(string method, string path, int status)
    {
        foreach (var digits in new[] { new string('f', 32), "e677d21fdc00" + new string('0', 20) })
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path.Replace("{0}", digits, StringComparison.Ordinal));
            using var response = await _api.Client.SendAsync(request);
            Assert.Equal(status, (int)response.StatusCode);
        }
    }

    [Theory]
    [InlineData("", "invalid_json", null)]
    [InlineData("{", "invalid_json", null)]
    [InlineData("[]", "invalid_json", null)]
    [InlineData("\"text\"", "invalid_json", null)]
    [InlineData("{}", "missing_required_parameter", "input_file_id")]
    [InlineData("""{"input_file_id":"f"}""", "missing_required_parameter", "endpoint")]
    [InlineData("""{"input_file_id":"f","endpoint":"/v1/embeddings"}""", "missing_required_parameter", "completion_window")]
    [InlineData("""{"input_file_id":null,"endpoint":"/v1/embeddings","completion_window":"24h"}""", "missing_required_parameter", "input_file_id")]
    [InlineData("""{"input_file_id":7,"endpoint":"/v1/embeddings","completion_window":"24h"}""", "invalid_type", "input_file_id")]
    [InlineData("""{"input_file_id":"f","endpoint":[],"completion_window":"24h"}""", "invalid_type", "endpoint")]
    [InlineData("""{"input_file_id":"f","endpoint":"/v1/nothing","completion_window":"24h"}""", "invalid_value", "endpoint")]
    [InlineData("""{"input_file_id":"f","endpoint":"/v1/embeddings","completion_window":"9m"}""", "invalid_value", "completion_window")]
    [InlineData("""{"input_file_id":"f","endpoint":"/v1/embeddings","completion_window":"8d"}""", "invalid_value", "completion_window")]
    [InlineData("""{"input_file_id":"f","endpoint":"/v1/embeddings","completion_window":"24 h"}""", "invalid_value", "completion_window")]
    [InlineData("""{"input_file_id":"f","endpoint":"/v1/embeddings","completion_window":"24h","nonsense":1}""", "unknown_parameter", "nonsense")]
    [InlineData("""{"input_file_id":"f","input_file_id":"g","endpoint":"/v1/embeddings","completion_window":"24h"}""", "duplicate_parameter", "input_file_id")]
    [InlineData("""{"input_file_id":"\ud800","endpoint":"/v1/embeddings","completion_window":"24h"}""", "invalid_value", "input_file_id")]
    [InlineData("""{"input_file_id":"f","endpoint":"/v1/embeddings","completion_window":"24h","metadata":[]}""", "invalid_type", "metadata")]
    [InlineData("""{"input_file_id":"f","endpoint":"/v1/embeddings","completion_window":"24h","metadata":{"k":1}}""", "invalid_type", "metadata.k")]
    [InlineData("""{"input_file_id":"f","endpoint":"/v1/embeddings","completion_window":"24h","metadata":{"k":"a","k":"b"}}""", "duplicate_parameter", "metadata.k")]
    [InlineData("""{"input_file_id":"f","endpoint":"/v1/embeddings","completion_window":"24h","output_expires_after":{"anchor":"created_at"}}""", "missing_required_parameter", "output_expires_after.seconds")]
    [InlineData("""{"input_file_id":"f","endpoint":"/v1/embeddings","completion_window":"24h","output_expires_after":{"anchor":"now","seconds":3600}}""", "invalid_value", "output_expires_after.anchor")]
    [InlineData("""{"input_file_id":"f","endpoint":"/v1/embeddings","completion_window":"24h","output_expires_after":{"anchor":"created_at","seconds":3599}}""", "integer_below_min_value", "output_expires_after.seconds")]
    [InlineData("""{"input_file_id":"f","endpoint":"/v1/embeddings","completion_window":"24h","output_expires_after":{"anchor":"created_at","seconds":2592001}}""", "integer_above_max_value", "output_expires_after.seconds")]
    [InlineData("""{"input_file_id":"f","endpoint":"/v1/embeddings","completion_window":"24h","output_expires_after":{"anchor":"created_at","seconds":"x"}}""", "invalid_type", "output_expires_after.seconds")]
    [InlineData("""{"input_file_id":"f","endpoint":"/v1/embeddings","completion_window":"24h"}""", "invalid_request", "input_file_id")]
    [InlineData(Valid, "invalid_request", "input_file_id")]
    public async Task A_wrong_body_is_refused_by_name_and_leaves_nothing(string body, string code, string? param)
    {
        using var response = await PostAsync(body);
        await AssertErrorAsync(response, 400, code, param);
        Assert.False((await _api.PageAsync(null, 1)).HasMore);
        Assert.Empty(await _api.Get<ActiveBatchStore>().ListAsync(CancellationToken.None).ToListAsync());
    }

    [Fact]
    public async Task The_limits_of_metadata_are_told()
    {
        string With(IEnumerable<KeyValuePair<string, string>> metadata) =>
            $$"""{"input_file_id":"f","endpoint":"/v1/embeddings","completion_window":"24h","metadata":{{JsonSerializer.Serialize(new Dictionary<string, string>(metadata))}}}""";
        using var tooMany = await PostAsync(With(Enumerable.Range(0, 17).Select(i => KeyValuePair.Create($"k{i}", "v"))));
        await AssertErrorAsync(tooMany, 400, "object_above_max_properties", "metadata");
        using var longKey = await PostAsync(With([KeyValuePair.Create(new string('k', 65), "v")]));
        await AssertErrorAsync(longKey, 400, "string_above_max_length", "metadata");
        using var longValue = await PostAsync(With([KeyValuePair.Create("k", new string('v', 513))]));
        await AssertErrorAsync(longValue, 400, "string_above_max_length", "metadata.k");

        // In characters, as people count them: each of these is two of UTF-16.
        using var longText = await PostAsync(With([KeyValuePair.Create("k", Of("😀", 513))]));
        await AssertErrorAsync(
            longText, 400, "string_above_max_length", "metadata.k", "Invalid 'metadata.k': string too long. Expected a string with maximum length 512, but got a string with length 513 instead.");
        using var largest = await PostAsync(With([KeyValuePair.Create(Of("😀", 64), Of("😀", 512))]));
        await AssertErrorAsync(largest, 400, "invalid_request", "input_file_id");
    }

    [Fact]
    public async Task A_byte_order_mark_before_a_body_is_passed_over()
    {
        using var response = await PostAsync("\uFEFF" + Valid);
        await AssertErrorAsync(response, 400, "invalid_request", "input_file_id");
        using var twice = await PostAsync("\uFEFF\uFEFF" + Valid);
        await AssertErrorAsync(twice, 400, "invalid_json", null);
    }

    [Theory]
    [InlineData("batches", "batch_nope", "Invalid 'after': expected an id, which is 'batch_' followed by 32 lower-case hex digits.")]
    [InlineData("files", "file-nope", "Invalid 'after': expected an id, which is 'file-' followed by 32 lower-case hex digits.")]
    public async Task A_cursor_that_is_no_id_is_told_what_one_looks_like(string list, string after, string message)
    {
        using var response = await _api.Client.GetAsync(new Uri($"/v1/{list}?after={after}", UriKind.Relative));
        await AssertErrorAsync(response, 400, "invalid_value", "after", message);
    }

    [Fact]
    public async Task A_body_that_is_too_large_or_of_another_type_is_refused()
    {
        using var large = await PostAsync(new string(' ', 300_000));
        await AssertErrorAsync(large, 413, "request_too_large", null);
        using var form = await _api.Client.PostAsync(new Uri("/v1/batches", UriKind.Relative), new StringContent("a=b", Encoding.UTF8, "application/x-www-form-urlencoded"));
        await AssertErrorAsync(form, 415, "unsupported_media_type", null);
    }

    [Theory]
    [InlineData(null, "You didn't provide an API key.")]
    [InlineData("", "You didn't provide an API key.")]
    [InlineData("Bearer", "You didn't provide an API key.")]
    [InlineData("Basic abc", "has no 'Bearer' before the API key")]
    [InlineData("sk-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "has no 'Bearer' before the API key. Send 'Authorization: Bearer YOUR_KEY'.")]
    [InlineData("Bearersk-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "has no 'Bearer' before the API key")]
    [InlineData("Bearer nonsense", "Incorrect API key provided.")]
    [InlineData("Bearer sk-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "Incorrect API key provided.")]
    public async Task Without_a_good_key_nothing_is_answered(string? header, string said)
    {
        foreach (var (method, path) in new[] { ("GET", "/v1/batches"), ("POST", "/v1/batches"), ("GET", "/v1/files"), ("POST", "/v1/files"), ("POST", "/v1/uploads"), ("GET", "/v1/batches/x") })
        {
            using var client = new HttpClient { BaseAddress = _api.Address };
            using var request = new HttpRequestMessage(new HttpMethod(method), path + "?api_key=" + _api.Client.DefaultRequestHeaders.Authorization!.Parameter);
            if (header is not null)
            {
                request.Headers.TryAddWithoutValidation("Authorization", header);
            }

            using var response = await client.SendAsync(request);
            var error = await AssertErrorAsync(response, 401, "invalid_api_key", null);
            Assert.Contains(said, error.GetProperty("message").GetString(), StringComparison.Ordinal);
            Assert.Equal("Bearer", response.Headers.WwwAuthenticate.ToString());
        }
    }

    [Fact]
    public async Task An_unknown_id_and_another_tenants_are_answered_in_the_same_words()
    {
        var mine = await _api.AddAsync(DateTimeOffset.UtcNow);
        var foreign = await _api.AddAsync(DateTimeOffset.UtcNow, "other");
        var unknown = ApiDriver.BatchOf("nobody", DateTimeOffset.UtcNow);
        await _api.PageAsync(null, 1);
        foreach (var (method, suffix) in new[] { ("GET", ""), ("GET", "/progress"), ("POST", "/cancel"), ("DELETE", "") })
        {
            var texts = new List<string>();
            foreach (var batch in new[] { foreign, unknown })
            {
                _api.Storage.Requests.Clear();
                using var request = new HttpRequestMessage(new HttpMethod(method), $"/v1/batches/{batch.Id}{suffix}");
                using var response = await _api.Client.SendAsync(request);
                await AssertErrorAsync(response, 404, null, null);
                texts.Add((await response.Content.ReadAsStringAsync()).Replace(batch.Id, "ID", StringComparison.Ordinal));
                Assert.Equal([new KeyValuePair<string, int>("GET batches", 1)], _api.Storage.Requests);
            }

            Assert.Single(texts.Distinct());
        }

        Assert.Equal(mine.Id, (await _api.GetJsonAsync($"/v1/batches/{mine.Id}")).GetProperty("id").GetString());
    }

    [Theory]
    [InlineData("/v1/batches/batch_%2f..%2f")]
    [InlineData("/v1/batches/%0d%0aX")]
    [InlineData("/v1/batches/batch_00000000000000000000000000000000%20")]
    [InlineData("/v1/batches/..%2f..%2fetc")]
    public async Task A_strange_id_is_an_unknown_one(string path)
    {
        using var response = await _api.Client.GetAsync(new Uri(path, UriKind.Relative));
        await AssertErrorAsync(response, 404, null, null);
    }

    [Theory]
    [InlineData("GET", "/v1/nothing", 404, "unknown_url")]
    [InlineData("GET", "/v2/batches", 404, "unknown_url")]
    [InlineData("GET", "/v1/batches/x/y/z", 404, "unknown_url")]
    [InlineData("PUT", "/v1/batches", 405, "method_not_allowed")]
    [InlineData("PATCH", "/v1/batches/x", 405, "method_not_allowed")]
    [InlineData("GET", "/v1/batches/x/cancel", 405, "method_not_allowed")]
    [InlineData("PATCH", "/v1/files", 405, "method_not_allowed")]
    [InlineData("POST", "/healthz", 405, "method_not_allowed")]
    public async Task What_has_no_route_is_told_in_the_envelope(string method, string path, int status, string code)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var response = await _api.Client.SendAsync(request);
        await AssertErrorAsync(response, status, code, null);
        Assert.Equal(status == 405, response.Content.Headers.Allow.Count > 0);
    }

    [Theory]
    [InlineData(nameof(BatchStatus.Completed), "completed")]
    [InlineData(nameof(BatchStatus.Failed), "failed")]
    [InlineData(nameof(BatchStatus.Expired), "expired")]
    [InlineData(nameof(BatchStatus.Finalizing), "finalizing")]
    public async Task A_batch_that_has_ended_cannot_be_cancelled(string status, string wire)
    {
        var batch = ApiDriver.BatchOf("local", DateTimeOffset.UtcNow).WithStatus(Enum.Parse<BatchStatus>(status));
        await _api.Batches.TryInsertAsync(batch, CancellationToken.None);
        using var response = await _api.Client.PostAsync(new Uri($"/v1/batches/{batch.Id}/cancel", UriKind.Relative), null);
        await AssertErrorAsync(response, 409, "invalid_state", null, $"Cannot cancel a batch with status '{wire}'.");
        Assert.Equal("false", Assert.Single(response.Headers.GetValues("x-should-retry")));
    }

    [Theory]
    [InlineData(nameof(BatchStatus.Cancelling))]
    [InlineData(nameof(BatchStatus.Cancelled))]
    public async Task A_batch_that_is_cancelled_already_is_answered_as_it_is(string status)
    {
        var batch = ApiDriver.BatchOf("local", DateTimeOffset.UtcNow).WithStatus(Enum.Parse<BatchStatus>(status)) with
        {
            CancellingAt = DateTimeOffset.UtcNow.AddMinutes(-1),
        };
        await _api.Batches.TryInsertAsync(batch, CancellationToken.None);
        var before = await (await _api.Client.GetAsync(new Uri($"/v1/batches/{batch.Id}", UriKind.Relative))).Content.ReadAsStringAsync();
        using var response = await _api.Client.PostAsync(new Uri($"/v1/batches/{batch.Id}/cancel", UriKind.Relative), null);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(before, await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Storage_that_is_down_is_a_503_that_says_when_to_come_again()
    {
        await _api.PageAsync(null, 1);
        _api.Storage.GoDown();
        foreach (var path in new[] { "/v1/batches", "/healthz" })
        {
            using var response = await _api.Client.GetAsync(new Uri(path, UriKind.Relative));
            await AssertErrorAsync(response, 503, "storage_unavailable", null);
            Assert.NotNull(response.Headers.RetryAfter);
        }

        _api.Storage.ComeUp();
        await _api.PageAsync(null, 1);
    }

    [Fact]
    public async Task What_nobody_foresaw_is_a_500_with_the_request_id_and_no_stack()
    {
        var row = new TableEntity("local", IdKind.File.RowKeyOf(IdKind.File.New(DateTimeOffset.UtcNow))) { ["Purpose"] = "a_purpose_without_a_file" };
        await _api.Get<BatchFunctions.Storage.StorageClients>().Tables.GetTableClient("files").AddEntityAsync(row);
        using var response = await _api.Client.GetAsync(new Uri("/v1/files", UriKind.Relative));
        var error = await AssertErrorAsync(response, 500, "internal_error", null);
        var text = error.GetProperty("message").GetString();
        Assert.Contains(Assert.Single(response.Headers.GetValues("x-request-id")), text, StringComparison.Ordinal);
        Assert.DoesNotContain("a_purpose_without_a_file", text, StringComparison.Ordinal);
        Assert.DoesNotContain(" at ", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_nul_in_the_path_never_reaches_a_handler_and_harms_nothing()
    {
        using var client = new TcpClient("127.0.0.1", _api.Address.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync("GET /v1/batches/%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"u8.ToArray());
        using var reader = new StreamReader(stream);
        Assert.Contains(" 400 ", await reader.ReadLineAsync(), StringComparison.Ordinal);
        await _api.PageAsync(null, 1);
    }

    private static string Of(string character, int times) => string.Concat(Enumerable.Repeat(character, times));

    private Task<HttpResponseMessage> PostAsync(string body) =>
        _api.Client.PostAsync(new Uri("/v1/batches", UriKind.Relative), new StringContent(body, Encoding.UTF8, "application/json"));

    private static async Task<JsonElement> AssertErrorAsync(
        HttpResponseMessage response, int status, string? code, string? param, string? message = null)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(status == (int)response.StatusCode, $"{(int)response.StatusCode}: {text}");
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        Assert.Matches("^req_[0-9a-f]{32}$", Assert.Single(response.Headers.GetValues("x-request-id")));
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
        var root = JsonDocument.Parse(text).RootElement;
        var error = root.GetProperty("error");
        Assert.Equal(["message", "type", "param", "code"], error.EnumerateObject().Select(property => property.Name));
        Assert.Equal(code, error.GetProperty("code").GetString());
        Assert.Equal(param, error.GetProperty("param").GetString());
        Assert.False(string.IsNullOrEmpty(error.GetProperty("message").GetString()));
        if (message is not null)
        {
            Assert.Equal(message, error.GetProperty("message").GetString());
        }

        return error;
    }
}
