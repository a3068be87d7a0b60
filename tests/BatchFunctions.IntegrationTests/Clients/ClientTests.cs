using System.ClientModel;
using System.Text;
using System.Text.Json;
using BatchFunctions.Batches;
using BatchFunctions.IntegrationTests.Api;
using BatchFunctions.Testing;
using OpenAI;
using OpenAI.Batch;
using OpenAI.Files;

namespace BatchFunctions.IntegrationTests.Clients;

/// <summary>Official clients, unmodified but for address and key: upload, create, poll, download, walk the list.</summary>
public sealed class ClientTests
{
    [Fact]
    public async Task The_nuget_client_takes_a_batch_from_upload_to_download()
    {
        await using var service = await ServiceDriver.StartAsync();
        var client = new OpenAIClient(
            new ApiKeyCredential(service.Key), new OpenAIClientOptions { Endpoint = service.Endpoint });
        var files = client.GetOpenAIFileClient();
        using var input = new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', new[] { "a", "b", "c" }.Select(id =>
            $$$"""{"custom_id":"{{{id}}}","method":"POST","url":"/v1/chat/completions","body":{"model":"echo","messages":[{"role":"user","content":"hi"}]}}"""))));
        OpenAIFile file = await files.UploadFileAsync(input, "requests.jsonl", FileUploadPurpose.Batch);
        var batches = client.GetBatchClient();
        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            var made = await batches.CreateBatchAsync(
                BinaryContent.Create(BinaryData.FromObjectAsJson(new
                {
                    input_file_id = file.Id,
                    endpoint = "/v1/chat/completions",
                    completion_window = "24h",
                })),
                waitUntilCompleted: false);
            ids.Add(Root(made.GetRawResponse().Content).GetProperty("id").GetString()!);
        }

        JsonElement batch = default;
        await Eventually.UntilAsync(
            async () => (batch = Root((await batches.GetBatchAsync(ids[0], null)).GetRawResponse().Content))
                .GetProperty("status").GetString() == "completed",
            TimeSpan.FromMinutes(2),
            "the batch is completed");
        Assert.Equal(3, batch.GetProperty("request_counts").GetProperty("completed").GetInt32());
        BinaryData output = await files.DownloadFileAsync(batch.GetProperty("output_file_id").GetString()!);
        Assert.Equal(
            ["a", "b", "c"],
            output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("custom_id").GetString()!).Order());

        var listed = new List<string>();
        await foreach (var page in batches.GetBatchesAsync(null, 2, null).GetRawPagesAsync())
        {
            listed.AddRange(Root(page.GetRawResponse().Content).GetProperty("data").EnumerateArray()
                .Select(item => item.GetProperty("id").GetString()!));
        }

        Assert.Equal(ids.AsEnumerable().Reverse(), listed);
        OpenAIFile described = await files.GetFileAsync(file.Id);
        Assert.Equal((file.Id, "requests.jsonl", FilePurpose.Batch), (described.Id, described.Filename, described.Purpose));
        OpenAIFileCollection inputs = await files.GetFilesAsync(FilePurpose.Batch);
        Assert.Equal([file.Id], inputs.Select(one => one.Id));
        FileDeletionResult deleted = await files.DeleteFileAsync(batch.GetProperty("output_file_id").GetString()!);
        Assert.True(deleted.Deleted);
    }

    [Fact]
    public async Task The_npm_client_takes_a_batch_from_upload_to_download()
    {
        await using var service = await ServiceDriver.StartAsync();
        var folder = Path.Combine(AppContext.BaseDirectory, "Clients", "npm");
        await ClientProcess.InstallAsync(folder);
        var seen = JsonDocument.Parse(await ClientProcess.RunAsync("node", ["client.mjs"], folder, service)).RootElement;
        Assert.Equal("completed", seen.GetProperty("status").GetString());
        Assert.Equal("""{"total":3,"completed":3,"failed":0}""", seen.GetProperty("counts").GetRawText());
        Assert.Equal(["a", "b", "c"], Strings(seen, "customIds"));
        Assert.Equal(Strings(seen, "made").Reverse(), Strings(seen, "listed"));
        Assert.Equal("abcdef", seen.GetProperty("notes").GetString());
        Assert.True(seen.GetProperty("deleted").GetBoolean());
        Assert.Equal(404, seen.GetProperty("missing").GetInt32());
        Assert.Equal(
            """{"status":409,"code":"invalid_state","message":"409 Cannot cancel a batch with status 'completed'."}""",
            seen.GetProperty("conflict").GetRawText());
        Assert.Equal(
            """{"limit":"BadRequestError integer_above_max_value limit","endpoint":"BadRequestError invalid_value endpoint","key":"AuthenticationError invalid_api_key null","model":"NotFoundError model_not_found model"}""",
            seen.GetProperty("wrong").GetRawText());
        Assert.Equal("requests.jsonl", seen.GetProperty("described").GetString());
        Assert.Equal("cancelled", seen.GetProperty("abandoned").GetString());
        Assert.Equal([seen.GetProperty("file").GetString()!], Strings(seen, "files"));
        Assert.Equal(("completed", true), (seen.GetProperty("ended").GetString(), seen.GetProperty("removed").GetBoolean()));
        Assert.Equal("[404,404,404]", seen.GetProperty("gone").GetRawText());
        Assert.Equal(16, seen.GetProperty("used").GetInt32());
        Assert.Equal(["echo model"], Strings(seen, "models"));
        Assert.Equal("echo", seen.GetProperty("model").GetString());
    }

    [Fact]
    public async Task The_npm_client_reads_the_results_of_a_batch_that_runs()
    {
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = await new ScriptedUpstream().StartAsync();
        upstream.Answer(call => call.Marker == "a" ? ScriptedAnswer.Chat(call) : ScriptedAnswer.Chat(call).After(released.Task));
        await using var service = await ServiceDriver.StartAsync(new Dictionary<string, string?>
        {
            ["Batch:Upstream:BaseUrl"] = upstream.Address.ToString(),
            ["Batch:ChunkLines"] = "1",
        });
        var folder = Path.Combine(AppContext.BaseDirectory, "Clients", "npm");
        await ClientProcess.InstallAsync(folder);

        var soFar = JsonDocument.Parse(await ClientProcess.RunAsync("node", ["running.mjs"], folder, service)).RootElement;
        released.SetResult();
        var whole = JsonDocument.Parse(await ClientProcess.RunAsync("node", ["running.mjs", Text(soFar, "id"), "to-end"], folder, service)).RootElement;

        Assert.Equal(("in_progress", "true", "1"), (Text(soFar, "status"), Text(soFar, "incomplete"), Text(soFar, "lastLine")));
        Assert.Equal("a", JsonDocument.Parse(Text(soFar, "content")).RootElement.GetProperty("custom_id").GetString());
        Assert.Equal(("completed", JsonValueKind.Null, "2"), (Text(whole, "status"), whole.GetProperty("incomplete").ValueKind, Text(whole, "lastLine")));
        Assert.StartsWith(Text(soFar, "content"), Text(whole, "content"), StringComparison.Ordinal);
        Assert.Equal(Text(whole, "content"), Text(soFar, "content") + Text(whole, "rest"));
    }

    [Fact]
    public async Task The_npm_client_unwraps_the_events_of_batches_that_have_ended()
    {
        await using var service = await ServiceDriver.StartAsync(new Dictionary<string, string?> { ["Batch:Webhooks:AllowedHosts"] = "127.0.0.1" });
        var folder = Path.Combine(AppContext.BaseDirectory, "Clients", "npm");
        await ClientProcess.InstallAsync(folder);

        var told = JsonDocument.Parse(await ClientProcess.RunAsync("node", ["webhooks.mjs"], folder, service)).RootElement;

        var events = told.GetProperty("seen").EnumerateArray().ToList();
        Assert.Equal(
            [
                $"/own batch.completed {Text(told, "good")}",
                $"/project batch.completed {Text(told, "good")}",
                $"/project batch.failed {Text(told, "bad")}",
            ],
            events.Select(one => one.TryGetProperty("error", out var error) ? error.GetString() : $"{Text(one, "path")} {Text(one, "type")} {Text(one, "batch")}").Order(StringComparer.Ordinal));
        Assert.All(events, one => Assert.Equal((Text(one, "id"), "event"), (Text(one, "header"), Text(one, "object"))));
        Assert.Equal("InvalidWebhookSignatureError", Text(told, "stranger"));
    }

    [Fact]
    public async Task The_python_client_takes_a_batch_from_upload_to_download()
    {
        await using var service = await ServiceDriver.StartAsync();
        var script = Path.Combine(AppContext.BaseDirectory, "Clients", "python", "client.py");
        var seen = JsonDocument.Parse(await OpenAiPython.RunAsync(script, [], service)).RootElement;
        Assert.Equal("completed", seen.GetProperty("status").GetString());
        Assert.Equal("[3, 3, 0]", seen.GetProperty("counts").GetRawText());
        Assert.Equal("""{"number": "0"}""", seen.GetProperty("metadata").GetRawText());
        Assert.Equal(["a", "b", "c"], Strings(seen, "customIds"));
        Assert.Equal(Strings(seen, "made").Reverse(), Strings(seen, "listed"));
        Assert.Equal("abcdef", seen.GetProperty("notes").GetString());
        Assert.True(seen.GetProperty("deleted").GetBoolean());
        Assert.Equal("cancelled", seen.GetProperty("abandoned").GetString());
        Assert.Equal("requests.jsonl", seen.GetProperty("described").GetString());
        Assert.Equal([seen.GetProperty("file").GetString()!], Strings(seen, "files"));
        Assert.Equal(
            [
                "NotFoundError 404 None None",
                "ConflictError 409 invalid_state None",
                "BadRequestError 400 integer_above_max_value limit",
                "BadRequestError 400 invalid_value endpoint",
                "AuthenticationError 401 invalid_api_key None",
            ],
            Strings(seen, "told"));
    }

    [Fact]
    public async Task The_nuget_client_cancels_a_batch_and_learns_what_is_wrong()
    {
        // Nobody works on the batch: it is there to be cancelled.
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount());
        var client = new OpenAIClient(
            new ApiKeyCredential(api.Client.DefaultRequestHeaders.Authorization!.Parameter!),
            new OpenAIClientOptions { Endpoint = new Uri(api.Address, "/v1") });
        var batches = client.GetBatchClient();
        var batch = await api.AddAsync(DateTimeOffset.UtcNow);
        var cancelled = await (await CreateBatchOperation.RehydrateAsync(batches, batch.Id)).CancelAsync(null);
        Assert.Equal("cancelling", Root(cancelled.GetRawResponse().Content).GetProperty("status").GetString());

        var ended = ApiDriver.BatchOf("local", DateTimeOffset.UtcNow).WithStatus(BatchStatus.Completed);
        await api.Batches.TryInsertAsync(ended, CancellationToken.None);
        api.Storage.Requests.Clear();
        var operation = await CreateBatchOperation.RehydrateAsync(batches, ended.Id);
        var conflict = await Assert.ThrowsAsync<ClientResultException>(() => operation.CancelAsync(null));
        Assert.Equal(409, conflict.Status);

        // The client sends a 409 again by itself, unless it is told not to: one read to make the operation, one to cancel.
        Assert.Equal(2, api.Storage.Requests["GET batches"]);
        var missing = await Assert.ThrowsAsync<ClientResultException>(() => batches.GetBatchAsync("batch_00000000000000000000000000000000", null));
        Assert.Equal(404, missing.Status);
        var unknown = await Assert.ThrowsAsync<ClientResultException>(() => client.GetOpenAIFileClient().GetFileAsync("file-00000000000000000000000000000000"));
        Assert.Equal(404, unknown.Status);
        var stranger = new OpenAIClient(new ApiKeyCredential("nonsense"), new OpenAIClientOptions { Endpoint = new Uri(api.Address, "/v1") });
        var refused = await Assert.ThrowsAsync<ClientResultException>(() => stranger.GetOpenAIFileClient().GetFilesAsync());
        Assert.Equal(401, refused.Status);
    }

    [Fact]
    public async Task The_nuget_client_uploads_in_parts()
    {
        await using var api = await ApiDriver.StartAsync(TestStorage.NewStrictAccount());
        var files = new OpenAIClient(
            new ApiKeyCredential(api.Client.DefaultRequestHeaders.Authorization!.Parameter!),
            new OpenAIClientOptions { Endpoint = new Uri(api.Address, "/v1") }).GetOpenAIFileClient();
        async Task<string> BeginAsync()
        {
            using var request = BinaryContent.Create(BinaryData.FromObjectAsJson(
                new { filename = "notes.txt", purpose = "user_data", bytes = 6, mime_type = "text/plain" }));
            return IdOf(await files.CreateUploadAsync(request));
        }

        var upload = await BeginAsync();
        var parts = new List<string>();
        foreach (var text in new[] { "abc", "def" })
        {
            using var form = new MultipartFormDataContent { { new ByteArrayContent(Encoding.UTF8.GetBytes(text)), "data", "part" } };
            using var content = BinaryContent.Create(await form.ReadAsStreamAsync());
            parts.Add(IdOf(await files.AddUploadPartAsync(upload, content, form.Headers.ContentType!.ToString())));
        }

        using var complete = BinaryContent.Create(BinaryData.FromObjectAsJson(new { part_ids = parts }));
        var completed = Root((await files.CompleteUploadAsync(upload, complete)).GetRawResponse().Content);
        Assert.Equal("completed", completed.GetProperty("status").GetString());
        BinaryData notes = await files.DownloadFileAsync(completed.GetProperty("file").GetProperty("id").GetString()!);
        Assert.Equal("abcdef", notes.ToString());
        var cancelled = await files.CancelUploadAsync(await BeginAsync());
        Assert.Equal("cancelled", Root(cancelled.GetRawResponse().Content).GetProperty("status").GetString());
    }

    private static string IdOf(ClientResult result) => Root(result.GetRawResponse().Content).GetProperty("id").GetString()!;

    private static JsonElement Root(BinaryData content) => JsonDocument.Parse(content).RootElement;

    private static string Text(JsonElement root, string name) => root.GetProperty(name).GetString()!;

    private static IEnumerable<string> Strings(JsonElement root, string name) =>
        root.GetProperty(name).EnumerateArray().Select(item => item.GetString()!);
}
