using System.Net;
using System.Text;
using System.Text.Json;
using BatchFunctions.Batches;
using BatchFunctions.Checks;
using BatchFunctions.Ids;
using BatchFunctions.IntegrationTests.Api;
using BatchFunctions.Memory;
using BatchFunctions.Processing;
using Microsoft.Extensions.DependencyInjection;

namespace BatchFunctions.IntegrationTests.Checks;

/// <summary><c>POST /v1/files/{id}/check</c>: what is found is what a batch would fail with, and nothing is sent.</summary>
public sealed class FileCheckTests : IAsyncLifetime
{
    private const string Endpoint = "/v1/chat/completions";

    private readonly SteppingTime _time = new();
    private ApiDriver _api = null!;

    public async Task InitializeAsync() => _api = await StartAsync();

    public async Task DisposeAsync() => await _api.DisposeAsync();

    [Fact]
    public async Task A_valid_file_is_told_by_lines_models_and_tokens()
    {
        var file = await UploadAsync(Line("a", "gpt-4o-mini"), "", Line("b", "gpt-4o-mini"), Line("c", "llama"));

        var found = await CheckAsync(file);

        Assert.Equal((true, true, 3, Endpoint), (found.GetProperty("valid").GetBoolean(), found.GetProperty("complete").GetBoolean(), found.GetProperty("lines").GetInt32(), found.GetProperty("endpoint").GetString()));

        // Three for the request, three for the message, one for its role, and two for its text.
        Assert.Equal((18, 9), (found.GetProperty("tokens").GetProperty("counted").GetInt32(), found.GetProperty("tokens").GetProperty("estimated").GetInt32()));
        Assert.Equal(
            ["gpt-4o-mini 2 18 o200k_base True", "llama 1 9  False"],
            found.GetProperty("models").EnumerateArray().Select(model =>
                $"{model.GetProperty("model")} {model.GetProperty("lines")} {model.GetProperty("tokens")} {model.GetProperty("encoding")} {model.GetProperty("exact")}"));
        Assert.Equal(0, found.GetProperty("faults").GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task What_is_found_is_what_a_batch_fails_with_and_beyond_its_first_hundred()
    {
        string[] lines = [.. Enumerable.Range(0, 300).Select(i => i % 2 == 0 ? Line($"{i}") : Line("same").Replace("POST", "GET", StringComparison.Ordinal))];
        var file = await UploadAsync(lines);
        var batch = (await _api.Get<BatchCreation>().TryCreateAsync(new NewBatch("local", file, Endpoint, "24h", null, null), CancellationToken.None))!;
        await _api.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);
        var failed = (await _api.Batches.FindAsync(batch.Key, CancellationToken.None))!;

        var found = await CheckAsync(file, Endpoint);

        var faults = FaultsOf(found);
        Assert.Equal((150, 299), (found.GetProperty("faults").GetProperty("lines").GetInt32(), found.GetProperty("faults").GetProperty("total").GetInt32()));
        Assert.Equal(failed.Errors, faults.DistinctBy(fault => fault.Line).Take(100));
        Assert.Equal(100, failed.Errors.Count);
    }

    [Fact]
    public async Task Faults_that_are_too_many_for_an_answer_come_with_the_next()
    {
        var file = await UploadAsync([.. Enumerable.Range(0, 700).Select(_ => "{}"), Line("a")]);

        var first = await CheckAsync(file, Endpoint);
        var second = await CheckAsync(file, Endpoint, first.GetProperty("faults").GetProperty("next").GetString());
        var third = await CheckAsync(file, Endpoint, second.GetProperty("faults").GetProperty("next").GetString());

        // Each of these lines lacks all four: none of its faults is told apart from the others.
        var told = new[] { first, second, third }.SelectMany(FaultsOf).ToList();
        Assert.Equal(2800, first.GetProperty("faults").GetProperty("total").GetInt32());
        Assert.Equal(Enumerable.Range(1, 375).SelectMany(line => Enumerable.Repeat((int?)line, 4)), told.Select(fault => fault.Line));
        Assert.True(first.GetProperty("complete").GetBoolean());
    }

    [Fact]
    public async Task A_check_that_takes_too_long_stops_and_goes_on_where_it_stopped()
    {
        var file = await UploadAsync(Line("a"), Line("b"), Line("c"), "", Line("d"), Line("a"), "no JSON");

        // Three looks at the clock, one for each line.
        _time.Step = (FileCheck.Limit / 3) + TimeSpan.FromMilliseconds(1);
        var first = await CheckAsync(file);
        Assert.Equal((false, 3), (first.GetProperty("complete").GetBoolean(), first.GetProperty("lines").GetInt32()));
        var second = await CheckAsync(file, after: first.GetProperty("next").GetString());
        _time.Step = TimeSpan.Zero;

        // Of the lines before, all three were read for their ids; that took its time, too.
        Assert.False(second.GetProperty("ids_compared").GetBoolean());
        var rest = await CheckAsync(file, after: first.GetProperty("next").GetString());
        Assert.Equal((true, true, 3), (rest.GetProperty("complete").GetBoolean(), rest.GetProperty("ids_compared").GetBoolean(), rest.GetProperty("lines").GetInt32()));
        Assert.Equal([(6, "duplicate_custom_id"), (7, "invalid_json_line")], FaultsOf(rest).Select(fault => (fault.Line!.Value, fault.Code)));
        var end = await CheckAsync(file, after: second.GetProperty("next").GetString());
        Assert.Equal((true, 0, 0), (end.GetProperty("complete").GetBoolean(), end.GetProperty("lines").GetInt32(), end.GetProperty("faults").GetProperty("total").GetInt32()));
    }

    [Fact]
    public async Task The_services_limits_and_models_are_told_of()
    {
        await using var api = await StartAsync(new Dictionary<string, string?>
        {
            ["Batch:MaxLines"] = "2",
            ["Batch:MaxLineBytes"] = "1024",
            ["Batch:Upstream:Models"] = "llama",
            ["Batch:Upstream:Aliases"] = "mine=gpt-4o",
        });
        var file = await UploadAsync(api, Line("a", "llama"), Line("b", "mine"), Line("c", "qwen"), Line(new string('d', 2000)));

        var found = await CheckAsync(api, file, null);

        Assert.Equal([(3, "model_not_found"), (4, "line_too_long"), (null, "too_many_requests")], FaultsOf(found).Select(fault => (fault.Line, fault.Code)));
        Assert.Equal(
            ["llama True ", "mine True o200k_base", "qwen False "],
            found.GetProperty("models").EnumerateArray().Select(model => $"{model.GetProperty("model")} {model.GetProperty("served")} {model.GetProperty("encoding")}"));
    }

    [Fact]
    public async Task As_many_ids_are_held_as_a_batch_may_have_lines_and_within_the_memory_that_there_is()
    {
        await using var api = await StartAsync(new Dictionary<string, string?> { ["Batch:MaxLines"] = "100" });
        string[] lines = [.. Enumerable.Range(0, 300).Select(i => Line($"{i}")), Line("7"), Line("299")];
        var file = await UploadAsync(api, lines);
        api.Get<ByteBudget>().TakePeak();

        var found = await CheckAsync(api, file, null);

        // The second that is there twice is not among the first hundred.
        Assert.Equal([(301, "duplicate_custom_id"), (null, "too_many_requests")], FaultsOf(found).Select(fault => (fault.Line, fault.Code)));
        Assert.False(found.GetProperty("ids_compared").GetBoolean());
        Assert.InRange(api.Get<ByteBudget>().TakePeak(), 100 * 16, 64 * 1024);
        Assert.Equal(0, api.Get<ByteBudget>().Used);

        var few = await UploadAsync(api, lines[..100]);
        Assert.True((await CheckAsync(api, few, null)).GetProperty("ids_compared").GetBoolean());
        var rest = await CheckAsync(api, file, Endpoint, $"200-200-{lines[..200].Sum(line => line.Length + 1)}");
        Assert.False(rest.GetProperty("ids_compared").GetBoolean());
        Assert.InRange(api.Get<ByteBudget>().TakePeak(), 100 * 16, 64 * 1024);
    }

    [Theory]
    [InlineData("""{"endpoint":"/v1/nothing"}""", "endpoint", "invalid_value")]
    [InlineData("""{"endpoint":7}""", "endpoint", "invalid_type")]
    [InlineData("""{"after":"nonsense"}""", "after", "invalid_value")]
    [InlineData("""{"after":"1-1-999999"}""", "after", "invalid_value")]
    [InlineData("""{"nonsense":1}""", "nonsense", "unknown_parameter")]
    [InlineData("[]", null, "invalid_json")]
    public async Task A_wrong_request_is_refused_by_name(string body, string? param, string code)
    {
        var file = await UploadAsync(Line("a"));
        using var answer = await PostAsync(_api.Client, file, body);
        await AssertErrorAsync(answer, 400, code, param);
    }

    [Theory]
    [InlineData("{}", "missing_required_parameter")]
    [InlineData("""{"url":"/v1/nothing"}""", "invalid_value")]
    public async Task A_first_line_that_names_no_endpoint_is_told(string line, string code)
    {
        using var answer = await PostAsync(_api.Client, await UploadAsync(line), "{}");
        await AssertErrorAsync(answer, 400, code, "endpoint");
    }

    [Fact]
    public async Task A_file_for_another_purpose_and_one_of_another_project_are_not_checked()
    {
        var notes = await ApiFiles.UploadAsync(_api.Client, "notes", "user_data");
        using var purpose = await PostAsync(_api.Client, notes, "{}");
        await AssertErrorAsync(purpose, 400, "invalid_purpose", "id");

        var file = await UploadAsync(Line("a"));
        using var stranger = await _api.ClientOfAsync($"p-{Guid.NewGuid():N}");
        var never = IdKind.File.New(DateTimeOffset.UtcNow);
        using var foreign = await PostAsync(stranger, file, "{}");
        using var unknown = await PostAsync(stranger, never, "{}");
        using var noId = await PostAsync(stranger, "file-nonsense", "{}");
        await AssertErrorAsync(noId, 404, null, "id");
        Assert.Equal(HttpStatusCode.NotFound, foreign.StatusCode);
        Assert.Equal(
            await unknown.Content.ReadAsStringAsync(), (await foreign.Content.ReadAsStringAsync()).Replace(file, never, StringComparison.Ordinal));
    }

    private Task<ApiDriver> StartAsync(Dictionary<string, string?>? settings = null) => ApiDriver.StartAsync(
        TestStorage.NewStrictAccount(), settings, services => services.AddSingleton<TimeProvider>(_time));

    private Task<string> UploadAsync(params string[] lines) => UploadAsync(_api, lines);

    private static Task<string> UploadAsync(ApiDriver api, params string[] lines) =>
        ApiFiles.UploadAsync(api.Client, string.Concat(lines.Select(line => line + "\n")), "batch");

    private Task<JsonElement> CheckAsync(string file, string? endpoint = null, string? after = null) => CheckAsync(_api, file, endpoint, after);

    private static async Task<JsonElement> CheckAsync(ApiDriver api, string file, string? endpoint, string? after = null)
    {
        using var answer = endpoint is null && after is null
            ? await api.Client.PostAsync(new Uri($"/v1/files/{file}/check", UriKind.Relative), null)
            : await PostAsync(api.Client, file, JsonSerializer.Serialize(new { endpoint, after }));
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonDocument.Parse(text).RootElement;
    }

    private static Task<HttpResponseMessage> PostAsync(HttpClient client, string file, string body) =>
        client.PostAsync(new Uri($"/v1/files/{file}/check", UriKind.Relative), new StringContent(body, Encoding.UTF8, "application/json"));

    private static IReadOnlyList<BatchError> FaultsOf(JsonElement found) =>
    [
        .. found.GetProperty("faults").GetProperty("data").EnumerateArray().Select(fault => new BatchError(
            fault.GetProperty("code").GetString()!,
            fault.GetProperty("message").GetString()!,
            fault.GetProperty("param").GetString(),
            fault.GetProperty("line").ValueKind == JsonValueKind.Null ? null : fault.GetProperty("line").GetInt32())),
    ];

    private static async Task AssertErrorAsync(HttpResponseMessage answer, int status, string? code, string? param)
    {
        var error = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("error");
        Assert.Equal((status, code, param), ((int)answer.StatusCode, error.GetProperty("code").GetString(), error.GetProperty("param").GetString()));
    }

    private static string Line(string id, string model = "m") => JsonSerializer.Serialize(
        new { custom_id = id, method = "POST", url = Endpoint, body = new { model, messages = new[] { new { role = "user", content = "hello world" } } } });
}
