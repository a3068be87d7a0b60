using System.Diagnostics;

namespace BatchFunctions.FunctionApp.Tests;

/// <summary>The queues whose messages are handled, as the library's spans tell.</summary>
internal sealed class QueueSpans : IDisposable
{
    private readonly List<string> _queues = [];
    private readonly ActivityListener _listener;

    public QueueSpans()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "BatchFunctions",
            Sample = (ref _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                if (activity.GetTagItem("messaging.destination.name") is string queue)
                {
                    _queues.Add(queue);
                }
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public IReadOnlyList<string> Queues => _queues;

    public void Dispose() => _listener.Dispose();
}
