using System.Collections.Concurrent;

namespace BatchFunctions.Wakeups;

/// <summary>
/// Tells a pump of messages that its own process has sent, so that it fetches them when they are due instead of at its
/// next poll. Nothing depends on it: whoever does not hear it finds the message by polling, as other processes do, and
/// under the Functions host nobody listens.
/// </summary>
internal sealed class QueueBell(TimeProvider time)
{
    /// <summary>Added to a delay: a message becomes visible by storage's clock, and storage rounds.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentDictionary<string, Queue> _queues = new(StringComparer.Ordinal);

    /// <summary>Announces that a message has been sent, to those who have waited on the queue before.</summary>
    /// <param name="queue">The message's queue.</param>
    /// <param name="delay">The delay after which it becomes visible.</param>
    public void Ring(string queue, TimeSpan delay)
    {
        if (_queues.TryGetValue(queue, out var heard))
        {
            heard.Ring(time.GetUtcNow() + (delay > TimeSpan.Zero ? delay + Margin : TimeSpan.Zero));
        }
    }

    /// <summary>Waits until an announced message is due, or until the time is up.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="limit">The longest wait.</param>
    /// <param name="ct">Ends the wait without an exception.</param>
    /// <returns>Whether one is due.</returns>
    public Task<bool> WaitAsync(string queue, TimeSpan limit, CancellationToken ct) =>
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

        public async Task<bool> WaitAsync(TimeProvider time, TimeSpan limit, CancellationToken ct)
        {
            var end = time.GetUtcNow() + limit;
            while (!ct.IsCancellationRequested)
            {
                Task rung;
                TimeSpan left;
                lock (_lock)
                {
                    var now = time.GetUtcNow();
                    var isDue = _due.RemoveWhere(due => due <= now) > 0;
                    if (isDue || end <= now)
                    {
                        return isDue;
                    }

                    if (_rung.Task.IsCompleted)
                    {
                        _rung = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    }

                    rung = _rung.Task;
                    // In whole milliseconds, as timers count, and rounded up: a wait that ends too early starts again.
                    left = TimeSpan.FromMilliseconds(
                        Math.Ceiling(((_due.Count > 0 && _due.Min < end ? _due.Min : end) - now).TotalMilliseconds));
                }

                using var waiting = CancellationTokenSource.CreateLinkedTokenSource(ct);
                await Task.WhenAny(rung, Task.Delay(left, time, waiting.Token));
                await waiting.CancelAsync();
            }

            return false;
        }
    }
}
