using Azure.Core;
using Azure.Core.Pipeline;

namespace BatchFunctions.Telemetry;

/// <summary>Counts the requests to one of the storage services, each try by itself, as storage bills them.</summary>
internal sealed class StorageMetrics(string service, BatchMetrics metrics) : HttpPipelinePolicy
{
    /// <summary>The status recorded for a request that got no answer.</summary>
    private const int NoAnswer = 0;

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        try
        {
            ProcessNext(message, pipeline);
        }
        finally
        {
            Count(message);
        }
    }

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        try
        {
            await ProcessNextAsync(message, pipeline);
        }
        finally
        {
            Count(message);
        }
    }

    private void Count(HttpMessage message) => metrics.StorageAsked(
        service, message.Request.Method.Method, message.HasResponse ? message.Response.Status : NoAnswer);
}
