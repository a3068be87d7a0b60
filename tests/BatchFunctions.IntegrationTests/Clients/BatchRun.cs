using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using BatchFunctions.Testing;

namespace BatchFunctions.IntegrationTests.Clients;

/// <summary>A batch by plain HTTP, from its upload to its end.</summary>
internal static class BatchRun
{
    /// <summary>Uploads the lines, makes a batch of them, and waits until it is completed.</summary>
    /// <returns>The batch's id.</returns>
    public static async Task<string> ToEndAsync(HttpClient client, string lines)
    {
        using var form = new MultipartFormDataContent
        {
            { new StringContent("batch"), "purpose" },
            { new ByteArrayContent(Encoding.UTF8.GetBytes(lines)), "file", "requests.jsonl" },
        };
        var file = await PostAsync(client, "/v1/files", form);
        using var request = JsonContent.Create(new { input_file_id = file, endpoint = "/v1/chat/completions", completion_window = "24h" });
        var batch = await PostAsync(client, "/v1/batches", request);
        await Eventually.UntilAsync(
            async () => (await client.GetFromJsonAsync<JsonElement>(new Uri($"/v1/batches/{batch}", UriKind.Relative)))
                .GetProperty("status").GetString() == "completed",
            TimeSpan.FromMinutes(1),
            "the batch is completed");
        return batch;
    }

    private static async Task<string> PostAsync(HttpClient client, string path, HttpContent content)
    {
        using var response = await client.PostAsync(new Uri(path, UriKind.Relative), content);
        return (await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
    }
}
