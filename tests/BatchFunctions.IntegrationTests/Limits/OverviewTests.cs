using System.Globalization;
using System.Text.Json;
using BatchFunctions.ActiveBatches;
using BatchFunctions.Capacity;
using BatchFunctions.Configuration;
using BatchFunctions.Fleet;
using BatchFunctions.Ids;
using BatchFunctions.IntegrationTests.Api;
using BatchFunctions.Projects;
using BatchFunctions.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.IntegrationTests.Limits;

/// <summary>What the whole service is doing is told to operators alone.</summary>
public sealed class OverviewTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private ApiDriver _api = null!;

    public async Task InitializeAsync() => _api = await ApiDriver.StartAsync(
        TestStorage.NewStrictAccount(),
        new Dictionary<string, string?>
        {
            ["Batch:Upstream:BaseUrl"] = "https://upstream.example/secret/v1?code=secret",
            ["Batch:Upstream:Concurrency"] = "auto",
        },
        services => services.AddSingleton<TimeProvider>(_time));

    public async Task DisposeAsync() => await _api.DisposeAsync();

    [Fact]
    public async Task A_key_of_another_project_is_refused_and_one_of_a_project_with_the_role_let_in_until_it_is_taken_away()
    {
        Assert.Equal((403, "operators_only"), await AskAsync());

        await SetAsync(ProjectRole.Operator);
        Assert.Equal((403, "operators_only"), await AskAsync());
        _time.Advance(ProjectReader.Age);
        Assert.Equal((200, null), await AskAsync());
        Assert.Equal("operator", (await _api.GetJsonAsync("/v1/limits")).GetProperty("role").GetString());

        await SetAsync(ProjectRole.None);
        _time.Advance(ProjectReader.Age);
        Assert.Equal((403, "operators_only"), await AskAsync());
    }

    [Fact]
    public async Task A_caller_without_a_key_is_told_so_first()
    {
        using var client = _api.ClientWith("sk-nonsense");
        using var response = await client.GetAsync(new Uri("/v1/operator", UriKind.Relative));

        Assert.Equal(401, (int)response.StatusCode);
    }

    [Fact]
    public async Task While_nobody_knows_whether_the_project_has_the_role_the_answer_is_neither_yes_nor_no()
    {
        // The key is known, and nothing of its project.
        await _api.GetJsonAsync("/v1/batches");
        _api.Storage.GoDown();

        Assert.Equal((503, "storage_unavailable"), await AskAsync());
    }

    [Fact]
    public async Task It_tells_queues_batches_and_projects()
    {
        await SetAsync(ProjectRole.Operator);
        var active = _api.Get<ActiveBatchStore>();
        var now = _time.GetUtcNow();
        var oldest = new BatchKey("a", IdKind.Batch.New(now.AddHours(-2)));
        await active.InsertAsync(new ActiveBatch(oldest, "file-0", now.AddHours(-2)) { Status = "in_progress", Lines = 40 }, default);
        await active.InsertAsync(new ActiveBatch(new BatchKey("a", IdKind.Batch.New(now)), "file-0", now) { Lines = 2 }, default);
        await active.InsertAsync(new ActiveBatch(new BatchKey("b", IdKind.Batch.New(now)), "file-0", now) { Status = "in_progress", Lines = 500 }, default);
        await _api.Get<StorageClients>().Queues.GetQueueClient(QueueNames.Poison[0]).SendMessageAsync("{}");

        var overview = await _api.GetJsonAsync("/v1/operator");

        Assert.Equal(
            ["batch-steps False 0", "batch-chunk False 0", "batch-steps-poison True 1", "batch-chunk-poison True 0"],
            overview.GetProperty("queues").EnumerateArray().Select(queue => $"{queue.GetProperty("name")} {queue.GetProperty("is_poison")} {queue.GetProperty("messages")}"));
        var batches = overview.GetProperty("batches");
        Assert.Equal((3, 1, 2, 542), (Of(batches, "total"), Of(batches, "validating"), Of(batches, "in_progress"), Of(batches, "enqueued_requests")));
        Assert.Equal((oldest.Id, "a"), (batches.GetProperty("oldest").GetProperty("id").GetString(), batches.GetProperty("oldest").GetProperty("project").GetString()));
        Assert.Equal(7200, Of(batches.GetProperty("oldest"), "age"));
        Assert.Equal(
            ["b 1 500", "a 2 42"],
            overview.GetProperty("projects").EnumerateArray().Select(project => $"{project.GetProperty("project")} {project.GetProperty("batches")} {project.GetProperty("enqueued_requests")}"));
    }

    [Fact]
    public async Task It_tells_an_upstream_as_its_ledger_has_it_and_neither_secrets_nor_machines()
    {
        await SetAsync(ProjectRole.Operator);
        await _api.Get<ShareStore>().MutateAsync(UpstreamSettings.DefaultName, (_, now) => new ShareLedger(
            [
                EntryOf("host-a|17|4711|0", holds: 12, inFlight: 10, refused: 1, now.AddSeconds(15), new("a", 1, 30), new ProjectDemand("", 2, 5))
                    with { AwaySince = now.AddSeconds(-30).ToUnixTimeMilliseconds(), AwayReason = "503" },
                EntryOf("host-b|18|4712|1", holds: 20, inFlight: 20, refused: 2, now.AddSeconds(15), new("b", 1, 40), new ProjectDemand("a", 1, 15))
                    with { ThroughSince = now.AddMinutes(-1).ToUnixTimeMilliseconds() },
                EntryOf("host-c|19|4713|2", holds: 64, inFlight: 64, refused: 64, now.AddSeconds(-1), new ProjectDemand("c", 1, 64)),
            ],
            AutoLimitState.First(now) with { Limit = 32, Trial = 3 }), default);

        var upstream = (await _api.GetJsonAsync("/v1/operator")).GetProperty("upstreams")[0];

        Assert.Equal(
            ("default", "upstream.example", "auto", "ok"),
            (TextOf(upstream, "name"), TextOf(upstream, "host"), TextOf(upstream, "limit_mode"), TextOf(upstream.GetProperty("condition"), "status")));
        Assert.Equal((32, 32, 30, 60), (Of(upstream, "limit"), Of(upstream, "held"), Of(upstream, "in_flight"), Of(upstream, "waiting")));
        Assert.Equal((200, 3, 7.5), (Of(upstream, "sent"), Of(upstream, "refused"), upstream.GetProperty("throughput").GetDouble()));
        Assert.Equal(
            ["20 20 35 5 ok ", "12 10 25 2.5 away 503"],
            upstream.GetProperty("processes").EnumerateArray().Select(process => string.Create(
                CultureInfo.InvariantCulture,
                $"{Of(process, "held")} {Of(process, "in_flight")} {Of(process, "waiting")} {process.GetProperty("throughput").GetDouble()} {TextOf(process.GetProperty("condition"), "status")} {TextOf(process.GetProperty("condition"), "reason")}")));
        Assert.Equal(
            ["a 45", "b 40", " 5"],
            upstream.GetProperty("projects").EnumerateArray().Select(project => $"{TextOf(project, "project")} {Of(project, "at_hand")}"));
        Assert.DoesNotMatch("secret|host-|4711", upstream.GetRawText());
    }

    [Fact]
    public async Task It_tells_several_upstreams_apart()
    {
        await using var api = await ApiDriver.StartAsync(
            TestStorage.NewStrictAccount(),
            new Dictionary<string, string?>
            {
                ["Batch:Upstreams:GPU:BaseUrl"] = "https://gpu.example/v1",
                ["Batch:Upstreams:GPU:Models"] = "llama-*,mistral",
                ["Batch:Upstreams:GPU:Aliases"] = "gpt-4o=mistral",
                ["Batch:Upstreams:GPU:Concurrency"] = "7",
            });
        await api.Get<ProjectStore>().ChangeAsync("local", project => project with { Role = ProjectRole.Operator }, CancellationToken.None);
        await api.Get<ShareStore>().MutateAsync("gpu", (_, now) => new ShareLedger(
            [EntryOf("host-a|17|4711|0", holds: 5, inFlight: 4, refused: 0, now.AddSeconds(15), new ProjectDemand("a", 1, 30))], null), default);

        var upstreams = (await api.GetJsonAsync("/v1/operator")).GetProperty("upstreams");
        var health = await api.GetJsonAsync("/healthz");

        Assert.Equal(
            ["default  0", "gpu mistral,gpt-4o,llama-* 5"],
            upstreams.EnumerateArray().Select(upstream => $"{TextOf(upstream, "name")} {Models(upstream)} {Of(upstream, "held")}"));
        Assert.Equal("unknown", TextOf(health.GetProperty("upstream"), "status"));
        Assert.Equal(["default unknown", "gpu unknown"], health.GetProperty("upstreams").EnumerateArray().Select(one => $"{TextOf(one, "name")} {TextOf(one, "status")}"));

        static string Models(JsonElement upstream) => upstream.GetProperty("models") is { ValueKind: JsonValueKind.Array } models
            ? string.Join(',', models.EnumerateArray().Select(model => model.GetString()))
            : "";
    }

    private static ShareEntry EntryOf(
        string worker, int holds, int inFlight, int refused, DateTimeOffset until, params IReadOnlyList<ProjectDemand> demand) => new()
        {
            Worker = worker,
            Holds = holds,
            Until = until.ToUnixTimeMilliseconds(),
            Demand = demand,
            Flight = new FlightSummary { Trial = 3, InFlight = inFlight, Sent = 100, Refused = refused, Rate = inFlight / 4.0 },
        };

    private static string? TextOf(JsonElement element, string property) => element.GetProperty(property).GetString();

    private static long Of(JsonElement element, string property) => element.GetProperty(property).GetInt64();

    private Task<Project> SetAsync(ProjectRole role) =>
        _api.Get<ProjectStore>().ChangeAsync("local", project => project with { Role = role }, CancellationToken.None);

    private async Task<(int Status, string? Code)> AskAsync()
    {
        using var response = await _api.Client.GetAsync(new Uri("/v1/operator", UriKind.Relative));
        var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        return ((int)response.StatusCode, body.TryGetProperty("error", out var error) ? error.GetProperty("code").GetString() : null);
    }
}
