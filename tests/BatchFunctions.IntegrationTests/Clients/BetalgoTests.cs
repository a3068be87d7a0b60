using System.Text;
using BatchFunctions.Testing;
using Betalgo.Ranul.OpenAI;
using Betalgo.Ranul.OpenAI.Managers;

namespace BatchFunctions.IntegrationTests.Clients;

/// <summary>The other .NET library with batches, <c>Betalgo.Ranul.OpenAI</c>.</summary>
public sealed class BetalgoTests
{
    [Fact]
    public async Task It_takes_a_batch_from_its_lines_to_its_results()
    {
        await using var service = await ServiceDriver.StartAsync();
        using var client = new OpenAIService(new OpenAIOptions
        {
            ApiKey = service.Key,
            BaseDomain = service.Endpoint.GetLeftPart(UriPartial.Authority),
        });
        var input = await File.ReadAllBytesAsync(Repository.At("examples/requests.jsonl"));

        var file = await client.Files.UploadFile("batch", input, "requests.jsonl");
        Assert.True(file.Successful, file.Error?.Message);
        var batch = await client.Batch.BatchCreate(
            new() { InputFileId = file.Id, Endpoint = "/v1/chat/completions", CompletionWindow = "24h", Metadata = new() { ["job"] = "nightly" } });
        Assert.True(batch.Successful, batch.Error?.Message);
        await Eventually.UntilAsync(
            async () => (batch = await client.Batch.BatchRetrieve(batch.Id!))!.Status == "completed", TimeSpan.FromMinutes(1), "the batch is completed");

        Assert.Equal((2, 2, 0), (batch.RequestCounts.Total, batch.RequestCounts.Completed, batch.RequestCounts.Failed));
        Assert.Equal("nightly", batch.Metadata?["job"]);
        var results = await client.Files.RetrieveFileContent<byte[]>(batch.OutputFileId!);
        var lines = Encoding.UTF8.GetString(results.Content!).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);

        var late = await client.Batch.BatchCancel(batch.Id);
        Assert.False(late.Successful);
        Assert.Equal("invalid_request_error", late.Error?.Type);
    }
}
