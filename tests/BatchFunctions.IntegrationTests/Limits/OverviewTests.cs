using System.Text.Json;
using BatchFunctions.ActiveBatches;
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
        TestStorage.NewStrictAccount(), configure: services => services.AddSingleton<TimeProvider>(_time));

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
