using Azure.Core;
using Azure.Core.Pipeline;

namespace BatchFunctions.Simulation.Storage;

/// <summary>
/// Takes a request's time-out from the SDK, which would keep it on the system's clock, and leaves it to the <see cref="Network"/>.
/// </summary>
internal sealed class TimeoutKeeper : HttpPipelinePolicy
{
    private const string Property = "BatchFunctions.Simulation.Timeout";
    private static readonly TimeSpan Usual = TimeSpan.FromSeconds(30);

    public static TimeSpan Of(HttpMessage message) =>
        message.TryGetProperty(Property, out var kept) && kept is TimeSpan timeout ? timeout : Usual;

    public override ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        if (message.NetworkTimeout is { } timeout && timeout > TimeSpan.Zero)
        {
            message.SetProperty(Property, timeout);
            message.NetworkTimeout = Timeout.InfiniteTimeSpan;
        }

        return ProcessNextAsync(message, pipeline);
    }

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
        throw new NotSupportedException("All calls are asynchronous.");
}
