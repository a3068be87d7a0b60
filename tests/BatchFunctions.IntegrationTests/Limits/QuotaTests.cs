using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Azure.Data.Tables;
using BatchFunctions.ActiveBatches;
using BatchFunctions.Ids;
using BatchFunctions.IntegrationTests.Files;
using BatchFunctions.IntegrationTests.Processing;
using BatchFunctions.Processing;
using BatchFunctions.Projects;
using BatchFunctions.Storage;

namespace BatchFunctions.IntegrationTests.Limits;

/// <summary>What a project may have waiting: batches that have not ended, and lines in them.</summary>
public sealed class QuotaTests : IAsyncLifetime
{
    private FilesHost _host = null!;

    public async Task InitializeAsync() => _host = await FilesHost.StartAsync(("Batch:Quota:MaxBatches", "3"), ("Batch:Quota:MaxLines", "10"));

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task More_batches_are_refused_even_if_they_are_made_at_once_and_leave_nothing()
    {
        var file = await _host.UploadedAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => CreateAsync(file)));

        var made = answers.Where(answer => (int)answer.Status == 200).ToList();
        Assert.Equal(3, made.Count);
        Assert.All(answers.Except(made), answer =>
        {
            answer.ShouldFail(429, "batch_limit_exceeded", null);
            // Those that come at once may see each other, until they are refused.
            Assert.Matches(@"Limit: 3 batches that have not ended; there are ([3-9]|1\d)\.", answer.Message);
            Assert.Equal("30", answer.Headers["Retry-After"]);
            Assert.False(answer.Headers.ContainsKey("x-should-retry"));
        });
        Assert.Equal((3, 3), (await RowsAsync(TableNames.ActiveBatches), await RowsAsync(TableNames.Batches)));
    }

    [Fact]
    public async Task There_is_room_again_when_a_batch_has_ended_and_none_is_taken_by_another_project()
    {
        var file = await _host.UploadedAsync(Forms.Line + "\nno JSON");
        var batches = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            batches.Add((await CreateAsync(file)).Should(200).Text("id"));
        }

        (await CreateAsync(file)).ShouldFail(429, "batch_limit_exceeded", null);
        var other = await _host.KeyOfAsync($"p-{Guid.NewGuid():N}");
        var others = (await _host.SendAsync(HttpMethod.Post, "v1/files", Forms.Of(Forms.Field("purpose", "batch"), Forms.File(Forms.Line)), other)).Should(200);
        (await CreateAsync(others.Text("id"), other)).Should(200);

        await _host.Service<BatchValidation>().RunAsync(new BatchKey(_host.Tenant, batches[1]), default);

        (await CreateAsync(file)).Should(200);
        (await CreateAsync(file)).Should(429);
    }

    [Fact]
    public async Task More_lines_are_refused_with_the_numbers()
    {
        var four = await _host.UploadedAsync(LinesOf(4));
        var three = await _host.UploadedAsync(LinesOf(3) + "\n\n \n");
        (await CreateAsync(four)).Should(200);
        (await CreateAsync(four)).Should(200);

        var answer = (await CreateAsync(three)).ShouldFail(429, "request_limit_exceeded", "input_file_id");

        Assert.Contains("Limit: 10 enqueued requests; there are 8, and this file has 3.", answer.Message, StringComparison.Ordinal);
        Assert.Equal("30", answer.Headers["Retry-After"]);
        Assert.Equal((2, 2), (await RowsAsync(TableNames.ActiveBatches), await RowsAsync(TableNames.Batches)));
        (await CreateAsync(await _host.UploadedAsync(LinesOf(2)))).Should(200);
    }

    [Fact]
    public async Task A_file_that_alone_has_more_lines_than_may_ever_wait_is_refused_for_good()
    {
        var answer = (await CreateAsync(await _host.UploadedAsync(LinesOf(11)))).ShouldFail(400, "request_limit_exceeded", "input_file_id");

        Assert.Contains("has 11 requests, and the project", answer.Message, StringComparison.Ordinal);
        Assert.Equal(0, await RowsAsync(TableNames.ActiveBatches));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_lines_of_a_file_in_parts_count_too(bool isChecked)
    {
        var text = LinesOf(4);
        var upload = (await _host.PostAsync(
            "v1/uploads", new { filename = "a.jsonl", purpose = "batch", bytes = text.Length, mime_type = "text/jsonl" })).Should(200).Text("id");
        var part = (await _host.SendAsync(HttpMethod.Post, $"v1/uploads/{upload}/parts", Forms.Of(Forms.File(text, name: "data")))).Should(200).Text("id");
#pragma warning disable CA5351
        object body = isChecked
            ? new { part_ids = new[] { part }, md5 = Convert.ToHexStringLower(System.Security.Cryptography.MD5.HashData(Encoding.UTF8.GetBytes(text))) }
            : new { part_ids = new[] { part } };
#pragma warning restore CA5351
        var file = (await _host.PostAsync($"v1/uploads/{upload}/complete", body)).Should(200).Json.GetProperty("file").GetProperty("id").GetString()!;

        (await CreateAsync(file)).Should(200);

        Assert.Equal(4, (await LimitsAsync()).GetProperty("enqueued_requests").GetProperty("used").GetInt64());
    }

    [Fact]
    public async Task What_the_limits_tell_is_what_happens_then()
    {
        var file = await _host.UploadedAsync(LinesOf(5));
        for (var left = 2; left >= 0; left--)
        {
            var limits = await LimitsAsync();
            Assert.Equal((3, 3 - (2 - left), 10, 5 * left), (Of(limits, "batches", "limit"), Of(limits, "batches", "remaining"), Of(limits, "enqueued_requests", "limit"), Of(limits, "enqueued_requests", "remaining")));
            (await CreateAsync(file)).Should(left > 0 ? 200 : 429);
        }

        var end = await LimitsAsync();
        Assert.Equal((_host.Tenant, 1), (end.GetProperty("project").GetString(), end.GetProperty("weight").GetInt32()));
        Assert.Equal(JsonValueKind.Null, end.GetProperty("role").ValueKind);
        Assert.Equal(LinesOf(5).Length, Of(end, "stored_bytes", "used"));
        Assert.Equal(0, Of(end, "open_uploads", "used"));
        (await _host.PostAsync("v1/uploads", new { filename = "a", purpose = "user_data", bytes = 1, mime_type = "text/plain" })).Should(200);
        Assert.Equal(1, Of(await LimitsAsync(), "open_uploads", "used"));
    }

    [Fact]
    public async Task What_an_operator_sets_holds_half_a_minute_later_in_place_of_the_default()
    {
        var file = await _host.UploadedAsync();
        (await CreateAsync(file)).Should(200);

        await SetAsync(project => project with { MaxBatches = 1, MaxLines = 5, Weight = 20 });
        (await CreateAsync(file)).Should(200);
        _host.Time.Advance(ProjectReader.Age);

        (await CreateAsync(file)).ShouldFail(429, "batch_limit_exceeded", null);
        var limits = await LimitsAsync();
        Assert.Equal((1, 2, 0), (Of(limits, "batches", "limit"), Of(limits, "batches", "used"), Of(limits, "batches", "remaining")));
        Assert.Equal((5, 20), (Of(limits, "enqueued_requests", "limit"), limits.GetProperty("weight").GetInt32()));

        await SetAsync(project => project with { MaxBatches = null });
        _host.Time.Advance(ProjectReader.Age);
        (await CreateAsync(file)).Should(200);
    }

    [Fact]
    public async Task Two_processes_that_make_batches_at_once_never_pass_the_limit_together()
    {
        await SetAsync(project => project with { MaxBatches = 5 });
        await using var other = await _host.BesideAsync();
        var file = await _host.UploadedAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(number => CreateAsync(file, on: number % 2 == 0 ? _host : other)));

        var made = answers.Count(answer => (int)answer.Status == 200);
        Assert.InRange(made, 0, 5);
        Assert.Equal(made, await RowsAsync(TableNames.ActiveBatches));

        // Those that stood in each other's way find room now.
        for (; made < 5; made++)
        {
            (await CreateAsync(file)).Should(200);
        }

        (await CreateAsync(file, on: other)).Should(429);
    }

    [Fact]
    public async Task A_row_of_an_older_version_counts_as_a_batch_and_no_line()
    {
        await _host.Storage.Tables.GetTableClient(TableNames.ActiveBatches).AddEntityAsync(
            new TableEntity(_host.Tenant, IdKind.Batch.New(_host.Time.GetUtcNow())) { ["InputFileId"] = "file-0", ["CreatedAt"] = _host.Time.GetUtcNow() });

        Assert.Equal(new ActiveLoad(1, 0), await _host.Service<ActiveBatchStore>().LoadOfAsync(_host.Tenant, default));
    }

    [Fact]
    public async Task A_refused_batch_costs_no_more_than_one_look_at_the_active_ones()
    {
        var storage = new FaultyStorage();
        await using var host = await FilesHost.StartWithAsync([storage], ("Batch:Quota:MaxBatches", "1"));
        var file = await host.UploadedAsync();
        (await CreateAsync(file, on: host)).Should(200);
        storage.Requests.Clear();

        (await CreateAsync(file, on: host)).Should(429);

        Assert.Equal(1, storage.Requests[$"GET {TableNames.ActiveBatches}"]);
        Assert.False(storage.Requests.ContainsKey($"POST {TableNames.Batches}"));
    }

    private static long Of(JsonElement limits, string what, string property) => limits.GetProperty(what).GetProperty(property).GetInt64();

    private static string LinesOf(int count) => string.Join('\n', Enumerable.Range(0, count).Select(
        number => Forms.Line.Replace("\"a\"", $"\"{number}\"", StringComparison.Ordinal)));

    private async Task<JsonElement> LimitsAsync() => (await _host.GetAsync("v1/limits")).Should(200).Json;

    private Task<Project> SetAsync(Func<Project, Project> change) => _host.Service<ProjectStore>().ChangeAsync(_host.Tenant, change, default);

    private Task<Answer> CreateAsync(string file, AuthenticationHeaderValue? key = null, FilesHost? on = null) => (on ?? _host).SendAsync(
        HttpMethod.Post,
        "v1/batches",
        new StringContent(
            $$"""{"input_file_id":"{{file}}","endpoint":"/v1/chat/completions","completion_window":"24h"}""", Encoding.UTF8, "application/json"),
        key);

    private async Task<int> RowsAsync(string table) =>
        await _host.Storage.Tables.GetTableClient(table).QueryAsync<TableEntity>(row => row.PartitionKey == _host.Tenant).CountAsync();
}
