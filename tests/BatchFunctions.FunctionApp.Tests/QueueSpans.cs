using System.Diagnostics;

namespace BatchFunctions.FunctionApp.Tests;

/// <summary>The queues whose messages are handled by what is called behind its making, as the library's spans tell: all of a process are heard.</summary>
internal sealed class QueueSpans : IDisposable
{
    private static readonly AsyncLocal<QueueSpans?> Called = new();

    private readonly List<string> _queues = [];
    private readonly ActivityListener _listener;

    public QueueSpans()
    {
        Called.Value = this;
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "BatchFunctions",
            Sample = (ref _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                if (Called.Value == this && activity.GetTagItem("messaging.destination.name") is string queue)
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
