using Azure.Core;
using Azure.Core.Pipeline;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>Stands in the SDK's pipeline: somebody else does something just before a request.</summary>
internal sealed class Forestalled : HttpPipelinePolicy
{
    private (Func<Request, bool> Fits, Func<Task> Act)? _next;

    /// <summary>Does something before the next request that fits, once.</summary>
    public void Before(Func<Request, bool> fits, Func<Task> act) => _next = (fits, act);

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        if (_next is { } next && next.Fits(message.Request))
        {
            _next = null;
            await next.Act();
        }

        await ProcessNextAsync(message, pipeline);
    }

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
        throw new NotSupportedException("All calls are asynchronous.");
}
