using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;

namespace BatchFunctions.Bench.Sides;

/// <summary>A batch by way of the API, as a client makes it.</summary>
internal static class BatchRun
{
    private static readonly Uri Files = new("/v1/files", UriKind.Relative);
    private static readonly Uri Batches = new("/v1/batches", UriKind.Relative);

    /// <summary>Uploads an input.</summary>
    /// <returns>The file's id.</returns>
    public static async Task<string> UploadAsync(HttpClient service, string path, CancellationToken ct)
    {
        await using var file = File.OpenRead(path);
        using var content = new StreamContent(file, 128 * 1024);
        using var purpose = new StringContent("batch");
        using var form = new MultipartFormDataContent { { purpose, "purpose" }, { content, "file", "input.jsonl" } };
        using var response = await service.PostAsync(Files, form, ct);
        return await IdOfAsync(response, ct);
    }

    /// <summary>Makes a batch.</summary>
    /// <returns>Its id.</returns>
    public static async Task<string> CreateAsync(HttpClient service, string fileId, CancellationToken ct)
    {
        using var response = await service.PostAsJsonAsync(
            Batches,
            new { input_file_id = fileId, endpoint = "/v1/chat/completions", completion_window = "24h" },
            ct);
        return await IdOfAsync(response, ct);
    }

    /// <summary>Makes a batch and looks at it until it is completed.</summary>
    /// <param name="service">A client of the service.</param>
    /// <param name="fileId">The input.</param>
    /// <param name="gap">The time between two looks.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>The time from before the creation until it was seen to be completed.</returns>
    public static async Task<TimeSpan> RunAsync(HttpClient service, string fileId, TimeSpan gap, CancellationToken ct)
    {
        var began = Stopwatch.GetTimestamp();
        var id = await CreateAsync(service, fileId, ct);
        while (true)
        {
            var batch = await ReadAsync(service, id, ct);
            switch (batch.GetProperty("status").GetString())
            {
                case "completed":
                    return Stopwatch.GetElapsedTime(began);
                case "failed" or "expired" or "cancelled":
                    throw new InvalidOperationException($"The batch has not run through: {batch.GetRawText()}");
                default:
                    await Task.Delay(gap, ct);
                    break;
            }
        }
    }

    /// <summary>The batch as the API tells it.</summary>
    public static Task<JsonElement> ReadAsync(HttpClient service, string id, CancellationToken ct) =>
        service.GetFromJsonAsync<JsonElement>(new Uri($"/v1/batches/{id}", UriKind.Relative), ct);

    /// <summary>How many of the batch's lines are completed.</summary>
    public static async Task<int> CompletedAsync(HttpClient service, string id, CancellationToken ct) =>
        CompletedOf(await ReadAsync(service, id, ct));

    /// <inheritdoc cref="CompletedAsync"/>
    public static int CompletedOf(JsonElement batch) => batch.GetProperty("request_counts").GetProperty("completed").GetInt32();

    private static async Task<string> IdOfAsync(HttpResponseMessage response, CancellationToken ct)
    {
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>(ct);
        return response.IsSuccessStatusCode
            ? answer.GetProperty("id").GetString()!
            : throw new InvalidOperationException(answer.GetRawText());
    }
}
