// Takes a file of requests from upload to results with the official client. Asks for OPENAI_BASE_URL and OPENAI_API_KEY.
using System.ClientModel;
using System.Text.Json;
using OpenAI;
using OpenAI.Files;

var client = new OpenAIClient(
    new ApiKeyCredential(Environment.GetEnvironmentVariable("OPENAI_API_KEY")!),
    new OpenAIClientOptions { Endpoint = new Uri(Environment.GetEnvironmentVariable("OPENAI_BASE_URL")!) });
var files = client.GetOpenAIFileClient();
var batches = client.GetBatchClient();

OpenAIFile file = await files.UploadFileAsync(args[0], FileUploadPurpose.Batch);
using var request = BinaryContent.Create(BinaryData.FromObjectAsJson(new
{
    input_file_id = file.Id,
    endpoint = "/v1/chat/completions",
    completion_window = "24h",
}));
var operation = await batches.CreateBatchAsync(request, waitUntilCompleted: false);
var batch = Parse(operation.GetRawResponse().Content);
while (Text(batch, "status") is not ("completed" or "failed" or "expired" or "cancelled"))
{
    await Task.Delay(TimeSpan.FromSeconds(1));
    batch = Parse((await batches.GetBatchAsync(Text(batch, "id"), options: null)).GetRawResponse().Content);
}

await Console.Error.WriteLineAsync($"{Text(batch, "status")} {batch.GetProperty("request_counts")}");
foreach (var id in new[] { Text(batch, "output_file_id"), Text(batch, "error_file_id") }.OfType<string>())
{
    BinaryData content = await files.DownloadFileAsync(id);
    await Console.Out.WriteAsync(content.ToString());
}

static JsonElement Parse(BinaryData content) => JsonDocument.Parse(content).RootElement;

static string? Text(JsonElement batch, string name) => batch.GetProperty(name).GetString();
