using System.Net.Http.Headers;
using System.Text.Json;
using BatchFunctions.Files;
using BatchFunctions.Ids;
using BatchFunctions.IntegrationTests.Processing;
using BatchFunctions.Projects;
using BatchFunctions.Storage;

namespace BatchFunctions.IntegrationTests.Files;

/// <summary>What a project may have: open uploads, and bytes in its files.</summary>
public sealed class ProjectLimitTests : IAsyncLifetime
{
    private readonly FaultyStorage _storage = new();
    private FilesHost _host = null!;

    public async Task InitializeAsync() => _host = await FilesHost.StartWithAsync(
        [_storage], ("Batch:MaxOpenUploads", "3"), ("Batch:MaxStoredBytes", "1000"));

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task More_open_uploads_are_refused_even_if_they_are_begun_at_once()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => BeginAsync(1)));

        var begun = answers.Where(answer => (int)answer.Status == 200).ToList();
        Assert.Equal(3, begun.Count);
        Assert.All(answers.Except(begun), answer =>
        {
            answer.ShouldFail(429, "too_many_uploads", null);
            Assert.Equal("false", answer.Headers["x-should-retry"]);
            Assert.Contains("has 3 open uploads, and may have 3", answer.Message, StringComparison.Ordinal);
        });
        Assert.Equal(3, (await _host.StoredAsync()).Count(item => item == "uploads row"));

        (await _host.SendAsync(HttpMethod.Post, $"v1/uploads/{begun[0].Text("id")}/cancel")).Should(200);
        (await BeginAsync(1)).Should(200);
        (await BeginAsync(1)).Should(429);
        var other = await _host.KeyOfAsync($"p-{Guid.NewGuid():N}");
        (await _host.SendAsync(HttpMethod.Post, "v1/uploads", BodyOf(1), other)).Should(200);

        _host.Time.Advance(TimeSpan.FromHours(1));
        (await BeginAsync(1)).Should(200);
    }

    [Fact]
    public async Task More_bytes_in_open_uploads_are_refused_with_the_numbers_for_each_project()
    {
        await using var host = await FilesHost.StartAsync(("Batch:Quota:MaxUploadBytes", "1000"));
        Task<Answer> BeginAsync(long bytes, AuthenticationHeaderValue? key = null) => host.SendAsync(HttpMethod.Post, "v1/uploads", BodyOf(bytes), key);

        (await BeginAsync(1001)).ShouldFail(400, "upload_bytes_limit_exceeded", "bytes");
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => BeginAsync(400)));

        var begun = answers.Where(answer => (int)answer.Status == 200).ToList();
        Assert.Equal(2, begun.Count);
        Assert.All(answers.Except(begun), answer => Assert.Contains(
            "have 800 bytes, and 400 more would exceed the 1000", answer.ShouldFail(429, "upload_bytes_limit_exceeded", "bytes").Message, StringComparison.Ordinal));
        var limits = (await host.GetAsync("v1/limits")).Should(200).Json.GetProperty("open_upload_bytes");
        Assert.Equal("""{"limit":1000,"used":800,"remaining":200}""", JsonSerializer.Serialize(limits));

        (await BeginAsync(400, await host.KeyOfAsync($"p-{Guid.NewGuid():N}"))).Should(200);
        (await host.SendAsync(HttpMethod.Post, $"v1/uploads/{begun[0].Text("id")}/cancel")).Should(200);
        (await BeginAsync(400)).Should(200);
        await host.Service<ProjectStore>().ChangeAsync(host.Tenant, project => project with { MaxUploadBytes = 1200 }, default);
        host.Time.Advance(ProjectReader.Age);
        (await BeginAsync(400)).Should(200);
        (await BeginAsync(1)).Should(429);
        host.Time.Advance(TimeSpan.FromHours(1));
        (await BeginAsync(1200)).Should(200);
    }

    [Fact]
    public async Task More_bytes_are_refused_with_the_numbers_and_leave_nothing()
    {
        await _host.UploadedAsync(new string('x', 600), "user_data");

        var answer = (await _host.UploadAsync(new string('x', 401), "user_data")).ShouldFail(400, "storage_limit_exceeded", "file");

        Assert.Contains("stores 600 bytes, and 401 more would exceed the 1000", answer.Message, StringComparison.Ordinal);
        (await BeginAsync(401)).ShouldFail(400, "storage_limit_exceeded", "bytes");
        Assert.Empty(await _host.StagedAsync());
        Assert.Equal(["files row", "blob", "File entry"], await _host.StoredAsync());
        (await _host.UploadAsync(new string('x', 400), "user_data")).Should(200);
    }

    [Fact]
    public async Task Files_that_come_at_once_do_not_exceed_it_together()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _host.UploadAsync(new string('x', 400), "user_data")));

        Assert.Equal(2, answers.Count(answer => (int)answer.Status == 200));
    }

    [Fact]
    public async Task What_is_deleted_makes_room_at_once()
    {
        var file = await _host.UploadedAsync(new string('x', 900), "user_data");
        (await _host.UploadAsync(new string('x', 200), "user_data")).Should(400);

        (await _host.SendAsync(HttpMethod.Delete, $"v1/files/{file}")).Should(200);

        (await _host.UploadAsync(new string('x', 200), "user_data")).Should(200);
    }

    [Fact]
    public async Task An_upload_is_held_to_it_when_it_is_completed_too()
    {
        var upload = (await BeginAsync(900)).Should(200).Text("id");
        var part = (await _host.SendAsync(
            HttpMethod.Post, $"v1/uploads/{upload}/parts", Forms.Of(Forms.File(new string('x', 900), name: "data")))).Should(200).Text("id");
        var file = await _host.UploadedAsync(new string('x', 200), "user_data");

        (await CompleteAsync(upload, part)).ShouldFail(400, "storage_limit_exceeded", null);

        (await _host.SendAsync(HttpMethod.Delete, $"v1/files/{file}")).Should(200);
        (await CompleteAsync(upload, part)).Should(200);
        (await _host.UploadAsync(new string('x', 200), "user_data")).Should(400);
    }

    [Fact]
    public async Task The_results_of_batches_count_and_what_others_store_is_seen_within_a_minute()
    {
        await _host.UploadedAsync("x", "user_data");
        var id = IdKind.File.New(_host.Time.GetUtcNow());
        await _host.Service<FileStore>().TryInsertAsync(
            new StoredFile
            {
                Tenant = _host.Tenant,
                Id = id,
                Filename = "output.jsonl",
                Purpose = FilePurposes.BatchOutput,
                Bytes = 5000,
                CreatedAt = _host.Time.GetUtcNow(),
                Blob = new BlobLocation(ContainerNames.Batches, "b/output"),
            },
            default);

        (await _host.UploadAsync("x", "user_data")).Should(200);
        _host.Time.Advance(StoredBytes.Age);
        (await _host.UploadAsync("x", "user_data")).ShouldFail(400, "storage_limit_exceeded", "file");
    }

    [Fact]
    public async Task A_project_is_looked_at_once_a_minute_at_most()
    {
        _storage.Requests.Clear();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => _host.UploadedAsync("x", "user_data")));
        Assert.Equal(1, _storage.Requests[$"GET {TableNames.Files}"]);

        _host.Time.Advance(StoredBytes.Age);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => _host.UploadedAsync("x", "user_data")));
        Assert.Equal(2, _storage.Requests[$"GET {TableNames.Files}"]);
    }

    private static StringContent BodyOf(long bytes) => new(
        $$"""{"bytes":{{bytes}},"filename":"a","mime_type":"text/plain","purpose":"user_data"}""", System.Text.Encoding.UTF8, "application/json");

    private Task<Answer> BeginAsync(long bytes) => _host.SendAsync(HttpMethod.Post, "v1/uploads", BodyOf(bytes));

    private Task<Answer> CompleteAsync(string upload, string part) =>
        _host.PostAsync($"v1/uploads/{upload}/complete", new { part_ids = new[] { part } });
}
