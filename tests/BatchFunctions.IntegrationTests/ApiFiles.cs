using System.Text;
using System.Text.Json;

namespace BatchFunctions.IntegrationTests;

/// <summary>Files as a client sends them.</summary>
internal static class ApiFiles
{
    /// <summary>Uploads a file; its id.</summary>
    public static async Task<string> UploadAsync(HttpClient client, string content, string purpose = "batch")
    {
        using var form = new MultipartFormDataContent
        {
            { new StringContent(purpose), "purpose" },
            { new ByteArrayContent(Encoding.UTF8.GetBytes(content)), "file", "requests.jsonl" },
        };
        using var answer = await client.PostAsync(new Uri("/v1/files", UriKind.Relative), form);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonDocument.Parse(text).RootElement.GetProperty("id").GetString()!;
    }
}
