using System.ClientModel;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using BatchFunctions.Batches;
using BatchFunctions.IntegrationTests.Api;
using BatchFunctions.Testing;
using OpenAI;
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
        FileDeletionResult deleted = await files.DeleteFileAsync(batch.GetProperty("output_file_id").GetString()!);
        Assert.True(deleted.Deleted);
    }

    [Fact]
    public async Task The_npm_client_takes_a_batch_from_upload_to_download()
    {
        await using var service = await ServiceDriver.StartAsync();
        var folder = Path.Combine(AppContext.BaseDirectory, "Clients", "npm");
        await RunAsync(OperatingSystem.IsWindows() ? "npm.cmd" : "npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder, service);
        var seen = JsonDocument.Parse(await RunAsync("node", ["client.mjs"], folder, service)).RootElement;
        Assert.Equal("completed", seen.GetProperty("status").GetString());
        Assert.Equal("""{"total":3,"completed":3,"failed":0}""", seen.GetProperty("counts").GetRawText());
        Assert.Equal(["a", "b", "c"], Strings(seen, "customIds"));
        Assert.Equal(Strings(seen, "made").Reverse(), Strings(seen, "listed"));
        Assert.Equal("abcdef", seen.GetProperty("notes").GetString());
        Assert.True(seen.GetProperty("deleted").GetBoolean());
        Assert.Equal(404, seen.GetProperty("missing").GetInt32());
        Assert.Equal(409, seen.GetProperty("conflict").GetInt32());
        Assert.Equal([seen.GetProperty("file").GetString()!], Strings(seen, "files"));
    }

    [Fact]
    public async Task The_loop_of_the_readme_counts_every_batch()
    {
        await using var service = await ServiceDriver.StartAsync();
        for (var i = 0; i < 1234; i++)
        {
            await service.Get<BatchStore>().TryInsertAsync(
                ApiDriver.BatchOf("clients", DateTimeOffset.UtcNow.AddSeconds(-i)), CancellationToken.None);
        }

        // The README's own loop, in the language of the tests: the same parameters, and the same rule to stop by.
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", service.Key);
        var total = 0;
        var after = "";
        while (true)
        {
            var page = JsonDocument.Parse(await client.GetStringAsync(new Uri($"{service.Endpoint}/batches?limit=100{after}"))).RootElement;
            total += page.GetProperty("data").GetArrayLength();
            if (!page.GetProperty("has_more").GetBoolean())
            {
                break;
            }

            after = $"&after={page.GetProperty("last_id").GetString()}";
        }

        Assert.Equal(1234, total);
    }

    private static JsonElement Root(BinaryData content) => JsonDocument.Parse(content).RootElement;

    private static IEnumerable<string> Strings(JsonElement root, string name) =>
        root.GetProperty(name).EnumerateArray().Select(item => item.GetString()!);

    private static async Task<string> RunAsync(string program, string[] arguments, string folder, ServiceDriver service)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["OPENAI_BASE_URL"] = service.Endpoint.ToString();
        start.Environment["OPENAI_API_KEY"] = service.Key;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(3));
        Assert.True(process.ExitCode == 0, $"{program}: {await errors}{await output}");
        return await output;
    }
}
