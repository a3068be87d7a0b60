using BatchFunctions.Storage;
using BatchFunctions.Telemetry;

namespace BatchFunctions.Processing;

/// <summary>
/// Measures all queues, poison queues included. The sweep calls it, so that at rest they are measured only hourly.
/// </summary>
internal sealed class QueueGauges(StorageClients storage, BatchMetrics metrics, TimeProvider time)
{
    /// <returns>The queues that have messages, delayed ones included.</returns>
    public async Task<IReadOnlySet<string>> MeasureAsync(CancellationToken ct)
    {
        var used = new HashSet<string>();
        foreach (var name in QueueNames.All)
        {
            var queue = storage.Queues.GetQueueClient(name);
            var properties = await queue.GetPropertiesAsync(ct);
            var depth = properties.Value.ApproximateMessagesCount;
            var oldest = TimeSpan.Zero;
            if (depth > 0)
            {
                used.Add(name);

                // Only visible messages can be peeked at, so deliberately delayed ones do not count as waiting.
                var head = await queue.PeekMessageAsync(ct);
                oldest = head.Value?.InsertedOn is { } since ? time.GetUtcNow() - since : TimeSpan.Zero;
            }

            metrics.QueueSeen(name, depth, oldest > TimeSpan.Zero ? oldest : TimeSpan.Zero);
        }

        return used;
    }
}
