using Azure.Core;
using Azure.Core.Pipeline;

namespace BatchFunctions.Storage;

/// <summary>
/// Gives a request that sends much as much time as a slow storage needs for it, beyond what each request has. One that was given
/// up would have been sent in vain, and is sent again.
/// </summary>
internal sealed class TimeoutBySize : HttpPipelinePolicy
{
    /// <summary>The slowest that storage is waited for, in bytes a second.</summary>
    private const double Slowest = 32 * 1024;

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        Set(message);
        ProcessNext(message, pipeline);
    }

    public override ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        Set(message);
        return ProcessNextAsync(message, pipeline);
    }

    private static void Set(HttpMessage message)
    {
        if (message.Request.Content is { } content && content.TryComputeLength(out var length))
        {
            message.NetworkTimeout = StorageConnection.UsualTimeout + TimeSpan.FromSeconds(length / Slowest);
        }
    }
}
