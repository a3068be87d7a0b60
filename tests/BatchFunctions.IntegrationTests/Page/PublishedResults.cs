using System.Text;
using System.Text.Json;
using BatchFunctions.Batches;
using BatchFunctions.Files;
using BatchFunctions.Ids;
using BatchFunctions.Processing;

namespace BatchFunctions.IntegrationTests.Page;

/// <summary>Results of a batch that nobody works on, published as a worker's are.</summary>
internal static class PublishedResults
{
    /// <summary>A line that the upstream has answered with these words.</summary>
    public static string Answered(string id, string words) => LineOf(id, 200, new { choices = new[] { new { message = new { content = words } } } });

    /// <summary>A line that the upstream has refused.</summary>
    public static string Refused(string id, string words) => LineOf(id, 400, new { error = new { message = words } });

    /// <summary>Adds lines to a file of a running batch, and counts them.</summary>
    public static async Task PublishAsync(PageDriver driver, Batch batch, ResultFile file, params IReadOnlyList<string> lines)
    {
        var store = driver.Service.Get<BatchStore>();
        var key = new BatchKey(batch.Tenant, batch.Id);
        var now = (await store.FindAsync(key, CancellationToken.None))!;
        using var content = new MemoryStream(Encoding.UTF8.GetBytes(string.Concat(lines)));
        var isOutput = file == ResultFile.Output;
        var segment = new FileSegment(isOutput ? now.OutputSegments : now.ErrorSegments, 1, 0, content.Length, lines.Count);
        await driver.Service.Get<ResultBlobs>().PutAsync(segment.In(ResultBlobs.FileOf(batch.Id, file)), content, CancellationToken.None);
        var id = await driver.Service.Get<ResultFiles>().PublishAsync(now, file, [segment], CancellationToken.None);
        await store.MutateAsync(
            key,
            found => isOutput
                ? found with { OutputFileId = id, OutputSegments = segment.Chunk + 1, Counts = found.Counts with { Completed = found.Counts.Completed + lines.Count } }
                : found with { ErrorFileId = id, ErrorSegments = segment.Chunk + 1, Counts = found.Counts with { Failed = found.Counts.Failed + lines.Count } },
            CancellationToken.None);
    }

    private static string LineOf(string id, int status, object body) => JsonSerializer.Serialize(
        new { id = $"batch_req_{id}", custom_id = id, response = new { status_code = status, request_id = "req_1", body }, error = (object?)null }) + "\n";
}
