using System.Text.Json;
using BatchFunctions.Batches;
using BatchFunctions.Checks;
using BatchFunctions.Files;
using BatchFunctions.Service;
using BatchFunctions.Testing;
using BatchFunctions.Uploads;
using BatchFunctions.Webhooks;

namespace BatchFunctions.IntegrationTests.Api;

/// <summary>What is documented is what is answered: every route, and every field in its order.</summary>
public sealed class OpenApiTests : IAsyncLifetime
{
    private ApiDriver _api = null!;
    private JsonElement _document;

    public async Task InitializeAsync()
    {
        _api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount());
        using var anonymous = new HttpClient { BaseAddress = _api.Address };
        _document = JsonDocument.Parse(await anonymous.GetStringAsync(new Uri("/openapi.json", UriKind.Relative))).RootElement;
    }

    public async Task DisposeAsync() => await _api.DisposeAsync();

    [Fact]
    public void Every_route_is_described_and_nothing_else()
    {
        Assert.Equal("3.1.0", _document.GetProperty("openapi").GetString());
        var described = _document.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(operation => $"{operation.Name.ToUpperInvariant()} {path.Name}"));
        Assert.Equal(ApiOperations.Routes.Select(route => $"{route.Method} {route.Path}").Order(), described.Order());
    }

    [Fact]
    public void Every_reference_leads_to_a_schema()
    {
        var schemas = _document.GetProperty("components").GetProperty("schemas");
        var references = References(_document).Distinct().ToList();
        Assert.NotEmpty(references);
        Assert.All(references, reference =>
            Assert.True(schemas.TryGetProperty(reference["#/components/schemas/".Length..], out _), reference));
    }

    [Fact]
    public async Task Every_answer_has_the_fields_that_its_schema_names_in_their_order()
    {
        using var form = new MultipartFormDataContent
        {
            { new StringContent("batch"), "purpose" },
            { new ByteArrayContent("""{"custom_id":"a","method":"POST","url":"/v1/embeddings","body":{"model":"m"}}"""u8.ToArray()), "file", "a.jsonl" },
        };
        var file = await AnswerAsync("POST", "/v1/files", form);
        AssertMatches(file, "File");
        var fileId = file.GetProperty("id").GetString();
        var batch = await AnswerAsync("POST", "/v1/batches", Json($$$"""{"input_file_id":"{{{fileId}}}","endpoint":"/v1/embeddings","completion_window":"24h","metadata":{"a":"b"}}"""));
        AssertMatches(batch, "Batch");
        var failed = ApiDriver.BatchOf("local", DateTimeOffset.UtcNow).WithStatus(BatchStatus.Failed) with { Errors = [new BatchError("c", "m", "p", 1)] };
        await _api.Batches.TryInsertAsync(failed, CancellationToken.None);
        AssertMatches(await AnswerAsync("GET", $"/v1/batches/{failed.Id}", null), "Batch");
        AssertMatches(await AnswerAsync("GET", "/v1/batches", null), "BatchList");
        AssertMatches(await AnswerAsync("GET", "/v1/files", null), "FileList");
        var upload = await AnswerAsync("POST", "/v1/uploads", Json("""{"filename":"b.txt","purpose":"user_data","bytes":3,"mime_type":"text/plain"}"""));
        AssertMatches(upload, "Upload");
        var uploadId = upload.GetProperty("id").GetString();
        using var part = new MultipartFormDataContent { { new ByteArrayContent("abc"u8.ToArray()), "data", "data" } };
        var added = await AnswerAsync("POST", $"/v1/uploads/{uploadId}/parts", part);
        AssertMatches(added, "UploadPart");
        var completed = await AnswerAsync("POST", $"/v1/uploads/{uploadId}/complete", Json($$"""{"part_ids":["{{added.GetProperty("id").GetString()}}"]}"""));
        AssertMatches(completed, "Upload");
        AssertMatches(await AnswerAsync("DELETE", $"/v1/files/{completed.GetProperty("file").GetProperty("id").GetString()}", null), "DeletedFile");
        AssertMatches(await AnswerAsync("GET", "/healthz", null), "Health");
        using var wrong = await _api.Client.GetAsync(new Uri("/v1/batches?limit=0", UriKind.Relative));
        AssertMatches(JsonDocument.Parse(await wrong.Content.ReadAsStringAsync()).RootElement, "Error");
    }

    public static TheoryData<string, string[]> Readers { get; } = new()
    {
        { "CreateBatchRequest", BatchRequest.Properties },
        { "CreateBatchRequest/webhook", BatchRequest.WebhookProperties },
        { "CreateBatchRequest/output_expires_after", RequestedLife.Properties },
        { "RetryBatchRequest", BatchRequest.RetryProperties },
        { "UploadFileRequest", FileFields.Names },
        { "CheckFileRequest", CheckRequest.Properties },
        { "CreateUploadRequest", UploadRequest.NewProperties },
        { "CompleteUploadRequest", UploadRequest.CompleteProperties },
        { "CreateWebhookRequest", WebhookRequest.NewProperties },
        { "UpdateWebhookRequest", WebhookRequest.UpdateProperties },
    };

    [Theory]
    [MemberData(nameof(Readers))]
    public void A_request_may_have_what_its_reader_takes_and_nothing_else(string path, string[] taken)
    {
        var schema = _document.GetProperty("components").GetProperty("schemas");
        foreach (var (name, level) in path.Split('/').Select((name, level) => (name, level)))
        {
            schema = (level == 0 ? schema : schema.GetProperty("properties")).GetProperty(name);
            schema = schema.TryGetProperty("anyOf", out var any) ? any[0] : schema;
        }

        Assert.False(schema.GetProperty("additionalProperties").GetBoolean());
        Assert.Equal(taken.Order(), schema.GetProperty("properties").EnumerateObject().Select(property => property.Name).Order());
    }

    [Fact]
    public void A_request_that_takes_a_key_in_its_body_takes_it_in_a_header_and_may_be_refused_for_it()
    {
        var found = new List<string>();
        foreach (var operation in _document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject()).Select(one => one.Value))
        {
            var takes = operation.TryGetProperty("requestBody", out var body) && body.GetProperty("content").EnumerateObject().Any(media =>
                _document.GetProperty("components").GetProperty("schemas")
                    .GetProperty(media.Value.GetProperty("schema").GetProperty("$ref").GetString()!["#/components/schemas/".Length..])
                    .GetProperty("properties").TryGetProperty("idempotency_key", out _));
            Assert.Equal(takes, operation.GetProperty("parameters").EnumerateArray().Any(parameter => parameter.GetProperty("name").GetString() == "Idempotency-Key"));
            if (takes)
            {
                Assert.True(operation.GetProperty("responses").TryGetProperty("409", out _));
                found.Add(operation.GetProperty("operationId").GetString()!);
            }
        }

        Assert.Equal(["createBatch", "createUpload", "retryBatch", "uploadFile"], found.Order());
    }

    [Theory]
    [InlineData("/openapi.json", "200", "application/json")]
    [InlineData("/v1/files/{id}/content", "200", "application/octet-stream")]
    [InlineData("/v1/files/{id}/content", "206", "application/octet-stream")]
    public void An_answer_without_a_schema_has_its_content_type(string path, string status, string type) => Assert.Equal(
        type,
        Assert.Single(_document.GetProperty("paths").GetProperty(path).GetProperty("get").GetProperty("responses").GetProperty(status).GetProperty("content").EnumerateObject()).Name);

    [Fact]
    public void Every_example_fits_its_schema()
    {
        var examples = 0;
        foreach (var operation in _document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject()))
        {
            foreach (var (example, schema) in operation.Value.GetProperty("responses").EnumerateObject().SelectMany(response => ExamplesOf(response.Value)))
            {
                examples++;
                AssertFits(example.Value.GetProperty("value"), schema, example.Name);
            }

            // A request may leave out what is optional.
            foreach (var (example, schema) in operation.Value.TryGetProperty("requestBody", out var body) ? ExamplesOf(body) : [])
            {
                examples++;
                var name = schema.GetProperty("$ref").GetString()!["#/components/schemas/".Length..];
                var properties = _document.GetProperty("components").GetProperty("schemas").GetProperty(name).GetProperty("properties");
                Assert.All(
                    example.Value.GetProperty("value").EnumerateObject(), property => Assert.True(properties.TryGetProperty(property.Name, out _), property.Name));
            }
        }

        Assert.True(examples >= 30);
    }

    [Fact]
    public void Every_operation_that_answers_in_JSON_has_an_example_of_success()
    {
        foreach (var operation in _document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject()))
        {
            foreach (var media in operation.Value.GetProperty("responses").GetProperty("200").GetProperty("content").EnumerateObject())
            {
                Assert.True(
                    !media.Value.TryGetProperty("schema", out _) || media.Value.TryGetProperty("examples", out _),
                    $"{operation.Value.GetProperty("operationId")} has none.");
            }
        }
    }

    [Theory]
    [InlineData("/v1/batches")]
    [InlineData("/v1/files")]
    [InlineData("/healthz")]
    [InlineData("/openapi.json")]
    public async Task An_answer_in_JSON_is_to_be_taken_for_nothing_else(string path)
    {
        using var response = await _api.Client.GetAsync(new Uri(path, UriKind.Relative));
        Assert.True(response.IsSuccessStatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.ToString());
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
    }

    private static IEnumerable<(JsonProperty Example, JsonElement Schema)> ExamplesOf(JsonElement described) =>
        from media in described.GetProperty("content").EnumerateObject()
        where media.Value.TryGetProperty("examples", out _)
        from example in media.Value.GetProperty("examples").EnumerateObject()
        select (example, media.Value.GetProperty("schema"));

    private static StringContent Json(string text) => new(text, System.Text.Encoding.UTF8, "application/json");

    private async Task<JsonElement> AnswerAsync(string method, string path, HttpContent? content)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = content };
        using var response = await _api.Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{method} {path}: {(int)response.StatusCode} {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    private void AssertMatches(JsonElement answer, string schema) =>
        AssertFits(answer, _document.GetProperty("components").GetProperty("schemas").GetProperty(schema), schema);

    private void AssertFits(JsonElement value, JsonElement schema, string path)
    {
        if (schema.TryGetProperty("$ref", out var reference))
        {
            AssertMatches(value, reference.GetString()!["#/components/schemas/".Length..]);
            return;
        }

        if (schema.TryGetProperty("anyOf", out var any))
        {
            if (value.ValueKind != JsonValueKind.Null)
            {
                AssertFits(value, any[0], path);
            }

            return;
        }

        if (schema.TryGetProperty("const", out var constant))
        {
            Assert.Equal(constant.GetString(), value.GetString());
            return;
        }

        var type = schema.GetProperty("type");
        string[] types = type.ValueKind == JsonValueKind.Array
            ? [.. type.EnumerateArray().Select(t => t.GetString()!)]
            : [type.GetString()!];
        var actual = value.ValueKind switch
        {
            JsonValueKind.Object => "object",
            JsonValueKind.Array => "array",
            JsonValueKind.String => "string",
            JsonValueKind.Number => value.TryGetInt64(out _) && !types.Contains("number") ? "integer" : "number",
            JsonValueKind.True or JsonValueKind.False => "boolean",
            _ => "null",
        };
        Assert.True(types.Contains(actual), $"{path} is {actual}");
        if (actual == "array")
        {
            foreach (var item in value.EnumerateArray())
            {
                AssertFits(item, schema.GetProperty("items"), $"{path}[]");
            }
        }
        else if (actual == "object" && schema.TryGetProperty("properties", out var properties))
        {
            var required = schema.GetProperty("required").EnumerateArray().Select(name => name.GetString()).ToHashSet();
            var present = value.EnumerateObject().Select(p => p.Name).ToList();
            Assert.Equal(properties.EnumerateObject().Select(p => p.Name).Where(name => required.Contains(name) || present.Contains(name)), present);
            foreach (var property in value.EnumerateObject())
            {
                AssertFits(property.Value, properties.GetProperty(property.Name), $"{path}.{property.Name}");
            }
        }
    }

    private static IEnumerable<string> References(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(property =>
            property.NameEquals("$ref") ? [property.Value.GetString()!] : References(property.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(References),
        _ => [],
    };
}
