using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using BatchFunctions.Batches;
using BatchFunctions.Capacity;
using BatchFunctions.Configuration;
using BatchFunctions.Fleet;
using BatchFunctions.Ids;
using BatchFunctions.IntegrationTests.Api;
using BatchFunctions.Processing;
using BatchFunctions.Progress;
using BatchFunctions.Projects;
using BatchFunctions.Receivers;
using BatchFunctions.Storage;
using BatchFunctions.Testing;
using BatchFunctions.Wakeups;
using BatchFunctions.Webhooks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.IntegrationTests.Examples;

/// <summary>
/// What is documented is what is answered: each recorded exchange is had again and compared, order and explicit nulls
/// included. The OpenAPI document and the Markdown files show these very recordings.
/// To record anew: <c>RECORD_EXAMPLES=1 dotnet test tests/BatchFunctions.IntegrationTests --filter ExampleTests</c>, and read the difference.
/// </summary>
public sealed partial class ExampleTests
{
    private const string Line =
        """{"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{"model":"llama-3.1-8b","messages":[{"role":"user","content":"Hello"}]}}""";

    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly string Folder = Repository.At("src/BatchFunctions/OpenApi/Examples");
    private static readonly string[] Documents = ["README.md", "docs/api.md"];

    private readonly FakeTimeProvider _time = new(Start);

    [Fact]
    public async Task Every_exchange_is_as_it_was_recorded()
    {
        var examples = await RunAsync();
        if (Environment.GetEnvironmentVariable("RECORD_EXAMPLES") == "1")
        {
            Assert.True(Environment.GetEnvironmentVariable("CI") is null, "Recordings are made by hand and read, never by CI.");
            foreach (var file in Directory.GetFiles(Folder, "*.json"))
            {
                File.Delete(file);
            }

            foreach (var (name, text) in examples)
            {
                await File.WriteAllTextAsync(Path.Combine(Folder, name + ".json"), text);
            }
        }

        var recorded = Directory.GetFiles(Folder, "*.json").ToDictionary(file => Path.GetFileNameWithoutExtension(file), File.ReadAllText);
        Assert.Equal(recorded.Keys.Order(StringComparer.Ordinal), examples.Keys.Order(StringComparer.Ordinal));
        Assert.All(examples, example => Assert.Equal(recorded[example.Key], example.Value));
    }

    [Fact]
    public void Every_answer_in_the_documents_is_a_recorded_one()
    {
        var shown = 0;
        foreach (var document in Documents)
        {
            foreach (Match block in Blocks().Matches(File.ReadAllText(Repository.At(document))))
            {
                shown++;
                var recorded = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, block.Groups["name"].Value + ".json")))!;
                Assert.Equal(
                    recorded["response"]!["body"]!.ToJsonString(), JsonNode.Parse(block.Groups["json"].Value)!.ToJsonString());
            }
        }

        Assert.True(shown > 0);
    }

    private async Task<Dictionary<string, string>> RunAsync()
    {
        await using var upstream = await new ScriptedUpstream().Answer(Answer).StartAsync();
        await using var api = await ApiDriver.StartAsync(
            TestStorage.NewStrictAccount(),
            new Dictionary<string, string?> { ["Batch:Upstream:BaseUrl"] = upstream.Address.ToString(), ["Batch:Upstream:Concurrency"] = "auto" },
            services => services.AddSingleton<TimeProvider>(_time));
        var recorder = new ExampleRecorder(api.Client);
        var (completed, failed) = await BatchesAsync(recorder, api);
        await FilesAsync(recorder);
        await UploadsAsync(recorder);
        await ErrorsAsync(recorder, api);
        await RetriesAsync(recorder, api, completed, failed);
        await LimitsAsync(recorder, api);
        await ModelsAsync(recorder);
        await ProgressAsync(recorder, api);
        return new Dictionary<string, string>(recorder.Examples.Concat(await LookedIntoAsync()).Concat(await WebhooksAsync()));
    }

    /// <summary>Of webhooks: by a service of their own too, whose receivers take what comes but once.</summary>
    private static async Task<Dictionary<string, string>> WebhooksAsync()
    {
        var time = new FakeTimeProvider(Start);
        using var receiver = new TakingReceiver();
        await using var api = await ApiDriver.StartAsync(
            TestStorage.NewStrictAccount(),
            new Dictionary<string, string?> { ["Batch:Webhooks:MaxEndpoints"] = "2" },
            services => services.AddSingleton<TimeProvider>(time)
                .PostConfigure<HttpClientFactoryOptions>(EventSender.HttpClientName, client => client.HttpMessageHandlerBuilderActions.Add(builder => builder.PrimaryHandler = receiver)));
        var recorder = new ExampleRecorder(api.Client);
        var webhook = IdOf(await recorder.AskAsync("webhooks.create", HttpMethod.Post, "/v1/webhooks", Json(
            """{"url":"https://example.com/webhooks","events":["batch.completed","batch.failed"],"name":"nightly"}""")));
        await recorder.AskAsync("errors.webhook-inside", HttpMethod.Post, "/v1/webhooks", Json("""{"url":"https://169.254.169.254/"}"""));
        await recorder.AskAsync("errors.webhook-event-unknown", HttpMethod.Post, "/v1/webhooks", Json("""{"url":"https://example.com/","events":["batch.begun"]}"""));
        time.Advance(TimeSpan.FromSeconds(1));
        var other = IdOf(await recorder.AskAsync("webhooks.create-for-all-events", HttpMethod.Post, "/v1/webhooks", Json("""{"url":"https://ops.example.com/"}""")));
        await recorder.AskAsync("errors.webhook-limit", HttpMethod.Post, "/v1/webhooks", Json("""{"url":"https://one-more.example.com/"}"""));
        await recorder.AskAsync("webhooks.test", HttpMethod.Post, $"/v1/webhooks/{webhook}/test", Json("""{"type":"batch.failed"}"""));
        var file = IdOf(await recorder.AskAsync("files.create-for-a-batch-with-a-webhook", HttpMethod.Post, "/v1/files", Upload(Line)));
        await recorder.AskAsync("batches.create-with-a-webhook", HttpMethod.Post, "/v1/batches", Json(
            $$$"""{"input_file_id":"{{{file}}}","endpoint":"/v1/chat/completions","completion_window":"24h","webhook":{"url":"https://example.com/this-batch","secret":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}}"""));
        await recorder.AskAsync("errors.webhook-secret-malformed", HttpMethod.Post, "/v1/batches", Json(
            $$$"""{"input_file_id":"{{{file}}}","endpoint":"/v1/chat/completions","completion_window":"24h","webhook":{"url":"https://example.com/","secret":"mine"}}"""));

        var batch = ApiDriver.BatchOf("local", time.GetUtcNow());
        time.Advance(TimeSpan.FromMinutes(1));
        batch = batch.Finalize(BatchStatus.Completed, time.GetUtcNow()).End(new BatchEnd(BatchStatus.Completed, time.GetUtcNow(), null, null, default, default));
        await api.Get<BatchEvents>().AnnounceAsync(batch, since: null, CancellationToken.None);
        receiver.Status = HttpStatusCode.ServiceUnavailable;
        var deliveries = await api.Get<DeliveryStore>().ListAsync("local", new DeliveryListing(null, 1, webhook, null, null), CancellationToken.None);
        var delivery = deliveries.Deliveries[0];
        await api.Get<DeliveryWork>().RunAsync(BatchMessage.OfDelivery(delivery.Batch, delivery.Id, 1), isFirstDelivery: true, CancellationToken.None);
        await recorder.AskAsync("webhooks.list", HttpMethod.Get, "/v1/webhooks");
        await recorder.AskAsync("webhooks.deliveries", HttpMethod.Get, $"/v1/webhooks/deliveries?webhook_id={webhook}");
        await recorder.AskAsync("webhooks.delivery", HttpMethod.Get, $"/v1/webhooks/deliveries/{delivery.Id}");
        await recorder.AskAsync("webhooks.resend", HttpMethod.Post, $"/v1/webhooks/deliveries/{delivery.Id}/resend");
        await recorder.AskAsync("webhooks.update", HttpMethod.Post, $"/v1/webhooks/{webhook}", Json("""{"status":"disabled"}"""));
        await recorder.AskAsync("errors.resend-to-a-disabled-webhook", HttpMethod.Post, $"/v1/webhooks/deliveries/{delivery.Id}/resend");
        await recorder.AskAsync("webhooks.rotate-secret", HttpMethod.Post, $"/v1/webhooks/{webhook}/rotate_secret");
        await recorder.AskAsync("webhooks.retrieve", HttpMethod.Get, $"/v1/webhooks/{webhook}");
        await recorder.AskAsync("webhooks.delete", HttpMethod.Delete, $"/v1/webhooks/{other}");
        await recorder.AskAsync("errors.unknown-webhook", HttpMethod.Get, $"/v1/webhooks/{other}");
        return recorder.Examples;
    }

    private static Task<ApiDriver> StartAsync(ScriptedUpstream upstream) => ApiDriver.StartAsync(
        TestStorage.NewStrictAccount(),
        new Dictionary<string, string?> { ["Batch:Upstream:BaseUrl"] = upstream.Address.ToString() },
        services => services.AddSingleton<TimeProvider>(new FakeTimeProvider(Start)));

    /// <summary>Of files and batches that are looked into: by a service of their own, so that nobody else's ids change with them.</summary>
    private static async Task<Dictionary<string, string>> LookedIntoAsync()
    {
        await using var upstream = await new ScriptedUpstream().Answer(Answer).StartAsync();
        await using var api = await StartAsync(upstream);
        var recorder = new ExampleRecorder(api.Client);
        await ChecksAsync(recorder);
        await FailuresAsync(recorder, api);
        return new Dictionary<string, string>(recorder.Examples.Concat(await EndedAsync()));
    }

    /// <summary>What is done with batches that have ended: by a service of their own, likewise.</summary>
    private static async Task<Dictionary<string, string>> EndedAsync()
    {
        await using var upstream = await new ScriptedUpstream().Answer(Answer).StartAsync();
        await using var api = await StartAsync(upstream);
        var recorder = new ExampleRecorder(api.Client);
        var file = IdOf(await recorder.AskAsync("files.create-for-a-batch-to-delete", HttpMethod.Post, "/v1/files", Upload(Line)));
        var batch = IdOf(await recorder.AskAsync("batches.create-to-delete", HttpMethod.Post, "/v1/batches", Json(
            $$"""{"input_file_id":"{{file}}","endpoint":"/v1/chat/completions","completion_window":"24h"}""")));
        await recorder.AskAsync("errors.delete-of-a-batch-that-has-not-ended", HttpMethod.Delete, $"/v1/batches/{batch}");
        await api.Get<BatchValidation>().RunAsync(new BatchKey("local", batch), CancellationToken.None);
        await recorder.AskAsync("batches.delete", HttpMethod.Delete, $"/v1/batches/{batch}");
        var day = new DateTimeOffset(Start.UtcDateTime.Date, TimeSpan.Zero).ToUnixTimeSeconds();
        await recorder.AskAsync("usage.by-day", HttpMethod.Get, $"/v1/usage?start={day}&end={day + 172_800}");
        await recorder.AskAsync("usage.by-model", HttpMethod.Get, $"/v1/usage?start={day}&end={day + 172_800}&group_by=model");
        await recorder.AskAsync("errors.usage-of-two-years", HttpMethod.Get, $"/v1/usage?start={day - 63_072_000}&end={day}");
        return recorder.Examples;
    }

    private static ScriptedAnswer Answer(ScriptedCall call) => call.Path == "/v1/models"
        ? ScriptedAnswer.Json(new { @object = "list", data = new[] { new { id = "llama-3.1-8b", @object = "model", created = 1_700_000_000, owned_by = "vllm" } } })
        : call.Body.Span.IndexOf("Fail"u8) >= 0 ? ScriptedAnswer.Error(400, "No such words.")
        : call.Marker == "refused" ? ScriptedAnswer.Error(400, "This model's maximum context length is 8192 tokens, and the messages come to 9214.")
        : ScriptedAnswer.Chat("Hello to you.");

    private static async Task ModelsAsync(ExampleRecorder recorder)
    {
        await recorder.AskAsync("models.list", HttpMethod.Get, "/v1/models");
        await recorder.AskAsync("models.retrieve", HttpMethod.Get, "/v1/models/llama-3.1-8b");
        await recorder.AskAsync("errors.unknown-model", HttpMethod.Get, "/v1/models/nothing");
    }

    private static async Task ChecksAsync(ExampleRecorder recorder)
    {
        var file = IdOf(await recorder.AskAsync("files.create-to-check", HttpMethod.Post, "/v1/files", Upload(
            $"{Line}\n{Line.Replace("llama-3.1-8b", "gpt-4o-mini", StringComparison.Ordinal).Replace("\"a\"", "\"b\"", StringComparison.Ordinal)}\n{{}}")));
        await recorder.AskAsync("files.check", HttpMethod.Post, $"/v1/files/{file}/check", Json("""{"endpoint":"/v1/chat/completions"}"""));
        await recorder.AskAsync("errors.check-after-malformed", HttpMethod.Post, $"/v1/files/{file}/check", Json("""{"after":"nonsense"}"""));
        var notes = IdOf(await recorder.AskAsync("files.create-of-notes", HttpMethod.Post, "/v1/files", Upload("some notes", purpose: "user_data")));
        await recorder.AskAsync("errors.check-of-a-file-for-another-purpose", HttpMethod.Post, $"/v1/files/{notes}/check", Json("{}"));
    }

    private static async Task FailuresAsync(ExampleRecorder recorder, ApiDriver api)
    {
        var file = IdOf(await recorder.AskAsync("files.create-of-a-line-that-is-refused", HttpMethod.Post, "/v1/files", Upload(
            Line.Replace("Hello", "marker=refused", StringComparison.Ordinal))));
        var batch = IdOf(await recorder.AskAsync("batches.create-of-a-line-that-is-refused", HttpMethod.Post, "/v1/batches", Json(
            $$"""{"input_file_id":"{{file}}","endpoint":"/v1/chat/completions","completion_window":"24h"}""")));
        await api.Get<BatchValidation>().RunAsync(new BatchKey("local", batch), CancellationToken.None);
        await recorder.AskAsync("batches.errors", HttpMethod.Get, $"/v1/batches/{batch}/errors");
    }

    /// <summary>A batch that is under way, for half a minute.</summary>
    private async Task ProgressAsync(ExampleRecorder recorder, ApiDriver api)
    {
        var batch = ApiDriver.BatchOf("local", _time.GetUtcNow()) with { History = ProgressHistory.None.With(_time.GetUtcNow(), 0), Counts = new RequestCounts(5_000, 0, 0) };
        foreach (var done in new[] { 40, 210, 400, 610 })
        {
            _time.Advance(TimeSpan.FromSeconds(7.5));
            batch = batch.Progress(done, 0, default, _time.GetUtcNow());
        }

        Assert.NotNull(await api.Get<BatchStore>().TryInsertAsync(batch, CancellationToken.None));
        _time.Advance(TimeSpan.FromSeconds(2));
        await recorder.AskAsync("batches.progress", HttpMethod.Get, $"/v1/batches/{batch.Id}/progress");
    }

    private async Task<(string Completed, string Failed)> BatchesAsync(ExampleRecorder recorder, ApiDriver api)
    {
        var file = IdOf(await recorder.AskAsync("files.create", HttpMethod.Post, "/v1/files", Upload(Line)));
        var batch = IdOf(await recorder.AskAsync("batches.create", HttpMethod.Post, "/v1/batches", Json(
            $$$"""{"input_file_id":"{{{file}}}","endpoint":"/v1/chat/completions","completion_window":"24h","metadata":{"job":"nightly"}}""")));
        await api.Get<BatchValidation>().RunAsync(new BatchKey("local", batch), CancellationToken.None);
        var ended = (await recorder.AskAsync("batches.retrieve", HttpMethod.Get, $"/v1/batches/{batch}"))!;
        Assert.Equal("completed", ended["status"]!.GetValue<string>());
        await recorder.AskAsync("batches.list", HttpMethod.Get, "/v1/batches?limit=20");
        await recorder.AskAsync("batches.output", HttpMethod.Get, $"/v1/files/{ended["output_file_id"]}/content");
        await recorder.AskAsync("errors.cancel-of-a-completed-batch", HttpMethod.Post, $"/v1/batches/{batch}/cancel");

        _time.Advance(TimeSpan.FromMinutes(1));
        var wrong = IdOf(await recorder.AskAsync("files.create-with-expiry", HttpMethod.Post, "/v1/files", Upload(Line + "\nno JSON", ("expires_after[anchor]", "created_at"), ("expires_after[seconds]", "86400"))));
        var failed = IdOf(await recorder.AskAsync("batches.create-of-a-wrong-file", HttpMethod.Post, "/v1/batches", Json(
            $$"""{"input_file_id":"{{wrong}}","endpoint":"/v1/chat/completions","completion_window":"24h"}""")));
        await api.Get<BatchValidation>().RunAsync(new BatchKey("local", failed), CancellationToken.None);
        await recorder.AskAsync("batches.retrieve-failed", HttpMethod.Get, $"/v1/batches/{failed}");

        _time.Advance(TimeSpan.FromMinutes(1));
        var third = IdOf(await recorder.AskAsync("batches.create-without-metadata", HttpMethod.Post, "/v1/batches", Json(
            $$$"""{"input_file_id":"{{{file}}}","endpoint":"/v1/chat/completions","completion_window":"24h","output_expires_after":{"anchor":"created_at","seconds":86400}}""")));
        await recorder.AskAsync("files.delete-while-a-batch-reads-it", HttpMethod.Delete, $"/v1/files/{file}");
        await recorder.AskAsync("batches.cancel", HttpMethod.Post, $"/v1/batches/{third}/cancel");
        await recorder.AskAsync("batches.list-first-page", HttpMethod.Get, "/v1/batches?limit=1");
        await recorder.AskAsync("batches.list-after", HttpMethod.Get, $"/v1/batches?limit=2&after={third}");
        await recorder.AskAsync("batches.list-at-its-end", HttpMethod.Get, $"/v1/batches?after={batch}");
        await recorder.AskAsync("errors.limit-above-maximum", HttpMethod.Get, "/v1/batches?limit=101");
        await recorder.AskAsync("errors.limit-below-minimum", HttpMethod.Get, "/v1/batches?limit=0");
        await recorder.AskAsync("errors.limit-no-integer", HttpMethod.Get, "/v1/batches?limit=abc");
        await recorder.AskAsync("errors.after-malformed", HttpMethod.Get, "/v1/batches?after=nonsense");
        return (batch, failed);
    }

    private async Task RetriesAsync(ExampleRecorder recorder, ApiDriver api, string completed, string failed)
    {
        var file = IdOf(await recorder.AskAsync("files.create-of-a-line-that-fails", HttpMethod.Post, "/v1/files", Upload(
            Line + "\n" + Line.Replace("\"a\"", "\"b\"", StringComparison.Ordinal).Replace("Hello", "Fail", StringComparison.Ordinal))));
        var batch = IdOf(await recorder.AskAsync("batches.create-of-a-line-that-fails", HttpMethod.Post, "/v1/batches", Json(
            $$"""{"input_file_id":"{{file}}","endpoint":"/v1/chat/completions","completion_window":"24h"}""")));
        await api.Get<BatchValidation>().RunAsync(new BatchKey("local", batch), CancellationToken.None);
        var retry = IdOf(await recorder.AskAsync("batches.retry", HttpMethod.Post, $"/v1/batches/{batch}/retry", Json("""{"only":["400","batch_expired"]}""")));
        await recorder.AskAsync("errors.retry-under-way", HttpMethod.Post, $"/v1/batches/{batch}/retry");
        await api.Get<BatchValidation>().RunAsync(new BatchKey("local", retry), CancellationToken.None);
        await recorder.AskAsync("batches.retrieve-with-a-retry", HttpMethod.Get, $"/v1/batches/{batch}");
        await recorder.AskAsync("errors.retry-of-a-completed-batch", HttpMethod.Post, $"/v1/batches/{completed}/retry");
        await recorder.AskAsync("errors.retry-of-a-wrong-input", HttpMethod.Post, $"/v1/batches/{failed}/retry");
        await recorder.AskAsync("errors.retry-only-malformed", HttpMethod.Post, $"/v1/batches/{batch}/retry", Json("""{"only":["Too late"]}"""));
    }

    private static async Task FilesAsync(ExampleRecorder recorder)
    {
        var file = IdOf(await recorder.AskAsync("files.create-for-another-purpose", HttpMethod.Post, "/v1/files", Upload("some notes", purpose: "user_data")));
        await recorder.AskAsync("files.retrieve", HttpMethod.Get, $"/v1/files/{file}");
        await recorder.AskAsync("files.list", HttpMethod.Get, "/v1/files?purpose=user_data&limit=10&order=asc");
        await recorder.AskAsync("files.content", HttpMethod.Get, $"/v1/files/{file}/content");
        await recorder.AskAsync("files.content-range", HttpMethod.Get, $"/v1/files/{file}/content", null, request => request.Headers.Range = new(0, 3));
        await recorder.AskAsync("errors.batch-of-a-file-for-another-purpose", HttpMethod.Post, "/v1/batches", Json(
            $$"""{"input_file_id":"{{file}}","endpoint":"/v1/chat/completions","completion_window":"24h"}"""));
        await recorder.AskAsync("files.delete", HttpMethod.Delete, $"/v1/files/{file}");
        await recorder.AskAsync("errors.unknown-file", HttpMethod.Get, $"/v1/files/{file}");
    }

    private static async Task UploadsAsync(ExampleRecorder recorder)
    {
        var upload = IdOf(await recorder.AskAsync("uploads.create", HttpMethod.Post, "/v1/uploads", Json(
            """{"filename":"notes.txt","purpose":"user_data","bytes":6,"mime_type":"text/plain"}""")));
        var first = IdOf(await recorder.AskAsync("uploads.add-part", HttpMethod.Post, $"/v1/uploads/{upload}/parts", Part("abc")));
        var second = IdOf(await recorder.AskAsync("uploads.add-second-part", HttpMethod.Post, $"/v1/uploads/{upload}/parts", Part("def")));
        await recorder.AskAsync("uploads.complete", HttpMethod.Post, $"/v1/uploads/{upload}/complete", Json(
            $$"""{"part_ids":["{{first}}","{{second}}"],"md5":"e80b5017098950fc58aad83c8c14978e"}"""));
        var other = IdOf(await recorder.AskAsync("uploads.create-another", HttpMethod.Post, "/v1/uploads", Json(
            """{"filename":"notes.txt","purpose":"user_data","bytes":6,"mime_type":"text/plain"}""")));
        await recorder.AskAsync("uploads.cancel", HttpMethod.Post, $"/v1/uploads/{other}/cancel");
    }

    private static async Task ErrorsAsync(ExampleRecorder recorder, ApiDriver api)
    {
        await recorder.AskAsync("health", HttpMethod.Get, "/healthz");
        await recorder.AskAsync("errors.wrong-key", HttpMethod.Get, "/v1/batches", null, request => request.Headers.Authorization = new("Bearer", "nonsense"));
        await recorder.AskAsync("errors.unknown-batch", HttpMethod.Get, "/v1/batches/batch_00000000000000000000000000000000");
        await recorder.AskAsync("errors.body-no-json", HttpMethod.Post, "/v1/batches", Json("{"));
        await recorder.AskAsync("errors.missing-property", HttpMethod.Post, "/v1/batches", Json("{}"));
        await recorder.AskAsync("errors.unknown-property", HttpMethod.Post, "/v1/batches", Json(
            """{"input_file_id":"file-00000000000000000000000000000000","endpoint":"/v1/embeddings","completion_window":"24h","nonsense":1}"""));
        await recorder.AskAsync("errors.endpoint-not-offered", HttpMethod.Post, "/v1/batches", Json(
            """{"input_file_id":"file-00000000000000000000000000000000","endpoint":"/v1/nothing","completion_window":"24h"}"""));
        await recorder.AskAsync("errors.metadata-no-string", HttpMethod.Post, "/v1/batches", Json(
            """{"input_file_id":"file-00000000000000000000000000000000","endpoint":"/v1/embeddings","completion_window":"24h","metadata":{"job":7}}"""));
        await recorder.AskAsync("errors.input-file-unknown", HttpMethod.Post, "/v1/batches", Json(
            """{"input_file_id":"file-00000000000000000000000000000000","endpoint":"/v1/embeddings","completion_window":"24h"}"""));
        await recorder.AskAsync("errors.file-empty", HttpMethod.Post, "/v1/files", Upload(""));
        await recorder.AskAsync("errors.file-no-jsonl", HttpMethod.Post, "/v1/files", Upload("some notes"));
        await recorder.AskAsync("errors.content-type", HttpMethod.Post, "/v1/batches", new StringContent("a=b", Encoding.UTF8, "application/x-www-form-urlencoded"));
        await recorder.AskAsync("errors.unknown-url", HttpMethod.Get, "/v1/nothing");
        await recorder.AskAsync("errors.wrong-method", HttpMethod.Put, "/v1/batches");
        api.Storage.GoDown();
        await recorder.AskAsync("errors.storage-down", HttpMethod.Get, "/v1/batches");
        api.Storage.ComeUp();
    }

    private async Task LimitsAsync(ExampleRecorder recorder, ApiDriver api)
    {
        await recorder.AskAsync("limits.retrieve", HttpMethod.Get, "/v1/limits");
        await recorder.AskAsync("errors.operators-only", HttpMethod.Get, "/v1/operator");
        await SetAsync(api, project => project with { MaxBatches = 1, Role = ProjectRole.Operator });
        await ShareAsync(api);
        await recorder.AskAsync("operator.retrieve", HttpMethod.Get, "/v1/operator");
        var file = IdOf(await recorder.AskAsync("files.create-of-two-lines", HttpMethod.Post, "/v1/files", Upload(Line + "\n" + Line.Replace("\"a\"", "\"b\"", StringComparison.Ordinal))));
        var body = $$"""{"input_file_id":"{{file}}","endpoint":"/v1/chat/completions","completion_window":"24h"}""";
        await recorder.AskAsync("errors.batch-limit", HttpMethod.Post, "/v1/batches", Json(body));
        await SetAsync(api, project => project with { MaxBatches = null, MaxLines = 2 });
        await recorder.AskAsync("errors.request-limit", HttpMethod.Post, "/v1/batches", Json(body));
        await SetAsync(api, project => project with { MaxLines = 1 });
        await recorder.AskAsync("errors.request-limit-of-one-file", HttpMethod.Post, "/v1/batches", Json(body));
    }

    /// <summary>
    /// Two processes share the upstream. This one has sent its lines and gives its share up, perhaps in the same moment: by a clock that goes,
    /// it is tried again.
    /// </summary>
    private static Task ShareAsync(ApiDriver api) => new ShareStore(api.Get<StorageClients>(), TimeProvider.System).MutateAsync(
        UpstreamSettings.DefaultName,
        (_, now) => new ShareLedger(
            [.. new[] { 14, 10 }.Select(holds => new ShareEntry
            {
                Worker = $"process {holds}",
                Holds = holds,
                Until = now.AddHours(1).ToUnixTimeMilliseconds(),
                Demand = [new ProjectDemand("local", 1, holds * 10)],
                Flight = new FlightSummary { Trial = 1, InFlight = holds, Sent = holds * 25, Refused = 14 - holds, Rate = holds / 4.0 },
                ThroughSince = now.AddMinutes(-5).ToUnixTimeMilliseconds(),
            })],
            AutoLimitState.First(now) with { Limit = 24 }),
        CancellationToken.None);

    /// <summary>Sets something for the project, and lets the service read it.</summary>
    private async Task SetAsync(ApiDriver api, Func<Project, Project> change)
    {
        await api.Get<ProjectStore>().ChangeAsync("local", change, CancellationToken.None);
        _time.Advance(ProjectReader.Age);
    }

    private static string IdOf(JsonNode? answer) => answer!["id"]!.GetValue<string>();

    private static StringContent Json(string text) => new(text, new UTF8Encoding(false), new System.Net.Http.Headers.MediaTypeHeaderValue("application/json"));

    private static MultipartFormDataContent Upload(string text, params ReadOnlySpan<(string Name, string Value)> fields) => Upload(text, "batch", fields);

    private static MultipartFormDataContent Upload(string text, string purpose, params ReadOnlySpan<(string Name, string Value)> fields)
    {
        var form = new MultipartFormDataContent("boundary") { { Plain(purpose), "purpose" } };
        foreach (var (name, value) in fields)
        {
            form.Add(Plain(value), name);
        }

        form.Add(Plain(text), "file", purpose == "batch" ? "requests.jsonl" : "notes.txt");
        return form;
    }

    private static MultipartFormDataContent Part(string text) => new("boundary") { { Plain(text), "data", "part" } };

    private static ByteArrayContent Plain(string text) => new(Encoding.UTF8.GetBytes(text));

    /// <summary>In the place of the network: answers every event with one status.</summary>
    private sealed class TakingReceiver : HttpMessageHandler
    {
        public HttpStatusCode Status { get; set; } = HttpStatusCode.OK;

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(Status));
    }

    /// <summary>A JSON block that the comment before it calls a recorded example.</summary>
    [GeneratedRegex(@"<!-- example: (?<name>[a-z.-]+) -->\s*```json\n(?<json>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Blocks();
}
