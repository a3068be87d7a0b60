namespace BatchFunctions.Testing.Metering;

/// <summary>
/// A clock that stands while anything is done and leaps to the next wait's end when nothing is: hours in which a
/// service only waits pass in no time, and none of its waits comes earlier or later than another than it would.
/// </summary>
/// <remarks>
/// From its start to its end the thread pool has one thread, which does all that is asynchronous in the process, this clock's work
/// included: where nothing waits for that thread nothing is under way, unless it comes from outside of the process. And thousands of
/// waits in a row are no thousands of changes from one thread to another, which on a busy machine are a matter of milliseconds each.
/// </remarks>
public sealed class LeapingTime : TimeProvider, IThreadPoolWorkItem, IDisposable
{
    private readonly Lock _lock = new();
    private readonly SortedSet<Wait> _waits = [];
    private long _ticks = DateTimeOffset.UtcNow.Ticks;
    private long _created;
    private volatile bool _isDisposed;
    private (int Workers, int Completion) _least;
    private (int Workers, int Completion) _most;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Lets time pass from now on.</summary>
    public void Start()
    {
        ThreadPool.GetMinThreads(out _least.Workers, out _least.Completion);
        ThreadPool.GetMaxThreads(out _most.Workers, out _most.Completion);
        if (!SetThreads((1, _least.Completion), (1, _most.Completion)))
        {
            throw new InvalidOperationException("The thread pool does not take a limit of one thread.");
        }

        Queue();
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref _ticks), TimeSpan.Zero);

    /// <inheritdoc/>
    public override long GetTimestamp() => Interlocked.Read(ref _ticks);

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var wait = new Wait(this, Interlocked.Increment(ref _created), () => callback(state));
        wait.Change(dueTime, period);
        return wait;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_isDisposed && _most.Workers > 0)
        {
            SetThreads(_least, _most);
        }

        _isDisposed = true;
    }

    /// <summary>Looks once, behind all that has been queued by then, and lets itself be queued again.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        if (_isDisposed)
        {
            return;
        }

        if (ThreadPool.PendingWorkItemCount == 0)
        {
            Leap();
        }

        Queue();
    }

    private static bool SetThreads((int Workers, int Completion) least, (int Workers, int Completion) most) =>
        ThreadPool.SetMinThreads(1, least.Completion)
        && ThreadPool.SetMaxThreads(most.Workers, most.Completion)
        && ThreadPool.SetMinThreads(least.Workers, least.Completion);

    private void Queue() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);

    private void Leap()
    {
        Wait? next;
        lock (_lock)
        {
            next = _waits.Min;
            if (next is null)
            {
                return;
            }

            _waits.Remove(next);
            Interlocked.Exchange(ref _ticks, Math.Max(_ticks, next.Due));
            next.Repeat();
        }

        next.Run();
    }

    /// <summary>A wait that has begun.</summary>
    private sealed class Wait(LeapingTime time, long number, Action run) : ITimer, IComparable<Wait>
    {
        private long _period;
        private bool _isDisposed;

        public long Due { get; private set; }

        public void Run() => run();

        /// <summary>Begins again where it has a period; under the clock's lock.</summary>
        public void Repeat()
        {
            if (_period > 0 && !_isDisposed)
            {
                Due += _period;
                time._waits.Add(this);
            }
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._lock)
            {
                time._waits.Remove(this);
                _period = Math.Max(0, period.Ticks);
                if (!_isDisposed && dueTime >= TimeSpan.Zero)
                {
                    Due = time._ticks + dueTime.Ticks;
                    time._waits.Add(this);
                }

                return !_isDisposed;
            }
        }

        public int CompareTo(Wait? other) =>
            other is null ? 1 : Due != other.Due ? Due.CompareTo(other.Due) : number.CompareTo(other.Number);

        public void Dispose()
        {
            lock (time._lock)
            {
                _isDisposed = true;
                time._waits.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private long Number => number;
    }
}
