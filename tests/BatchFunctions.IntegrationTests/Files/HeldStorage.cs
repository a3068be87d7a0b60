using Azure.Core;
using Azure.Core.Pipeline;

namespace BatchFunctions.IntegrationTests.Files;

/// <summary>Stands in one service's pipeline to storage, and keeps the next request that fits from being sent until it is let go.</summary>
internal sealed class HeldStorage : HttpPipelinePolicy
{
    private TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Func<Request, bool>? _fits;

    /// <summary>Holds the next request that fits.</summary>
    public void HoldNext(Func<Request, bool> fits)
    {
        _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _fits = fits;
    }

    /// <summary>Waits until a request is held.</summary>
    public Task ReachedAsync() => _reached.Task.WaitAsync(TimeSpan.FromSeconds(30));

    public void Release() => _released.TrySetResult();

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        if (_fits is { } fits && fits(message.Request) && Interlocked.CompareExchange(ref _fits, null, fits) == fits)
        {
            _reached.TrySetResult();
            await _released.Task.WaitAsync(TimeSpan.FromSeconds(60), message.CancellationToken);
        }

        await ProcessNextAsync(message, pipeline);
    }

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
        throw new NotSupportedException("All calls are asynchronous.");
}
