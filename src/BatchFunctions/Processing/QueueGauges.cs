using BatchFunctions.Telemetry;
using BatchFunctions.Wakeups;

namespace BatchFunctions.Processing;

/// <summary>
/// Measures all queues, poison queues included. The sweep calls it, so that at rest they are measured only hourly.
/// </summary>
internal sealed class QueueGauges(QueueStates queues, BatchMetrics metrics)
{
    /// <returns>The queues that have messages, delayed ones included.</returns>
    public async Task<IReadOnlySet<string>> MeasureAsync(CancellationToken ct)
    {
        var states = await queues.ReadAsync(ct);
        foreach (var state in states)
        {
            metrics.QueueSeen(state.Name, state.Messages, state.OldestAge);
        }

        return states.Where(state => state.Messages > 0).Select(state => state.Name).ToHashSet();
    }
}
