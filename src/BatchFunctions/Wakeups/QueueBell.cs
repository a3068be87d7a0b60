using System.Collections.Concurrent;

namespace BatchFunctions.Wakeups;

/// <summary>
/// Tells a pump in this process of messages that this process has sent, so that it looks when they are due and not at
/// its next poll. Nothing rests on it: who does not hear it finds the message by polling, as other processes do, and
/// under the Functions host nobody listens.
/// </summary>
internal sealed class QueueBell(TimeProvider time)
{
    /// <summary>A message becomes visible by storage's clock, and storage rounds.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentDictionary<string, Queue> _queues = new(StringComparer.Ordinal);

    /// <summary>Says that a message has been sent; heard by whoever has waited for the queue's messages before.</summary>
    /// <param name="queue">To which queue.</param>
    /// <param name="delay">After which it becomes visible.</param>
    public void Ring(string queue, TimeSpan delay)
    {
        if (_queues.TryGetValue(queue, out var heard))
        {
            heard.Ring(time.GetUtcNow() + (delay > TimeSpan.Zero ? delay + Margin : TimeSpan.Zero));
        }
    }

    /// <summary>Waits until a message that was told of is due, or the time has passed.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="limit">How long at most.</param>
    /// <param name="ct">Ends the wait, without a fault.</param>
    public Task WaitAsync(string queue, TimeSpan limit, CancellationToken ct) =>
        _queues.GetOrAdd(queue, static _ => new Queue()).WaitAsync(time, limit, ct);

    private sealed class Queue
    {
        private readonly Lock _lock = new();
        private readonly SortedSet<DateTimeOffset> _due = [];
        private TaskCompletionSource _rung = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Ring(DateTimeOffset due)
        {
            lock (_lock)
            {
                if (_due.Add(due) && _due.Min == due)
                {
                    _rung.TrySetResult();
                }
            }
        }

        public async Task WaitAsync(TimeProvider time, TimeSpan limit, CancellationToken ct)
        {
            var end = time.GetUtcNow() + limit;
            while (!ct.IsCancellationRequested)
            {
                Task rung;
                TimeSpan left;
                lock (_lock)
                {
                    var now = time.GetUtcNow();
                    if (_due.RemoveWhere(due => due <= now) > 0 || end <= now)
                    {
                        return;
                    }

                    if (_rung.Task.IsCompleted)
                    {
                        _rung = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    }

                    rung = _rung.Task;
                    // In whole milliseconds, as timers count, and rather too long: a wait that ends early begins again.
                    left = TimeSpan.FromMilliseconds(
                        Math.Ceiling(((_due.Count > 0 && _due.Min < end ? _due.Min : end) - now).TotalMilliseconds));
                }

                using var waiting = CancellationTokenSource.CreateLinkedTokenSource(ct);
                await Task.WhenAny(rung, Task.Delay(left, time, waiting.Token));
                await waiting.CancelAsync();
            }
        }
    }
}
