using Azure.Core;
using Azure.Core.Pipeline;
using BatchFunctions.Testing.Metering;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>Stands in the SDK's pipeline, and answers in storage's place while it is told to.</summary>
internal sealed class Refusals : HttpPipelinePolicy
{
    /// <summary>Which requests are refused with 403; null while none is.</summary>
    public Func<Request, bool>? Refused { get; set; }

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        if (Refused?.Invoke(message.Request) == true)
        {
            message.Response = new CannedResponse(403);
            return;
        }

        await ProcessNextAsync(message, pipeline);
    }

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
        throw new NotSupportedException("All calls are asynchronous.");
}
