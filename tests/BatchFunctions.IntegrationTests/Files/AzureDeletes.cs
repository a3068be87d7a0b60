using System.Collections.Concurrent;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;

namespace BatchFunctions.IntegrationTests.Files;

/// <summary>
/// Deletes blobs as Azure does, for the services that share it: one that has staged blocks and was never committed does
/// not exist, and keeps its blocks. The emulator removes them.
/// </summary>
internal sealed class AzureDeletes : HttpPipelinePolicy
{
    private readonly ConcurrentDictionary<string, bool> _isCommitted = new(StringComparer.Ordinal);

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        var (path, query) = (message.Request.Uri.Path, message.Request.Uri.Query);
        if (message.Request.Method == RequestMethod.Delete && _isCommitted.TryGetValue(path, out var isCommitted) && !isCommitted)
        {
            throw new RequestFailedException(404, "There is no such blob.", "BlobNotFound", null);
        }

        await ProcessNextAsync(message, pipeline);
        if (message.Request.Method == RequestMethod.Put && query.Contains("comp=block", StringComparison.Ordinal) && message.Response.Status == 201)
        {
            var commits = query.Contains("comp=blocklist", StringComparison.Ordinal);
            _isCommitted.AddOrUpdate(path, commits, (_, before) => before || commits);
        }
        else if (message.Request.Method == RequestMethod.Delete)
        {
            _isCommitted.TryRemove(path, out _);
        }
    }

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
        throw new NotSupportedException("All calls are asynchronous.");
}
