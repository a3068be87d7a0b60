using System.Collections.Concurrent;
using System.Web;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>
/// Stands in the SDK's pipeline: holds results on their way to storage, whole blobs or blocks, or refuses one, and counts which were
/// stored.
/// </summary>
internal sealed class BlockStorage : HttpPipelinePolicy
{
    private readonly ConcurrentDictionary<string, int> _seen = new();
    private volatile TaskCompletionSource? _held;
    private int _refused;
    private int _refusedBlock;

    /// <summary>How often each was stored, by its name.</summary>
    public ConcurrentDictionary<string, int> Staged { get; } = new();

    /// <summary>Whether a block waits.</summary>
    public bool IsHolding { get; private set; }

    /// <summary>How often a block was refused.</summary>
    public int Refusals { get; private set; }

    public void Hold() => _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Release() => Interlocked.Exchange(ref _held, null)?.SetResult();

    /// <summary>Refuses a block, however often it is tried at once: storage is busy.</summary>
    /// <param name="block">Which of the blocks, in the order in which they are first sent, from 1.</param>
    /// <param name="tries">How often.</param>
    public void Refuse(int block, int tries)
    {
        _refusedBlock = block;
        _refused = tries;
    }

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        var query = HttpUtility.ParseQueryString(message.Request.Uri.Query);
        var path = message.Request.Uri.Path;
        if (message.Request.Method != RequestMethod.Put || query["comp"] is not (null or "block") || !path.Contains("batches/", StringComparison.Ordinal))
        {
            await ProcessNextAsync(message, pipeline);
            return;
        }

        var block = path + query["blockid"];
        var number = _seen.GetOrAdd(block, _ => _seen.Count + 1);
        if (_held is { } held)
        {
            IsHolding = true;
            await held.Task.WaitAsync(message.CancellationToken);
        }

        if (number == _refusedBlock && _refused > 0)
        {
            _refused--;
            Refusals++;
            throw new RequestFailedException(503, "Server busy.");
        }

        await ProcessNextAsync(message, pipeline);
        Staged.AddOrUpdate(block, 1, (_, count) => count + 1);
    }

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
        throw new NotSupportedException("All calls are asynchronous.");
}
