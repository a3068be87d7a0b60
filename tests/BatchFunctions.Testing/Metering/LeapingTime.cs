namespace BatchFunctions.Testing.Metering;

/// <summary>
/// A clock that stands while anything is done and leaps to the next wait's end when nothing is: hours in which a
/// service only waits pass in no time, and none of its waits comes earlier or later than another than it would.
/// </summary>
/// <remarks>
/// Nothing is done when no thread of the pool is at work and <paramref name="isBusy"/> says so too, which must know of
/// what comes from outside of the process.
/// </remarks>
/// <param name="isBusy">Whether an answer is being waited for that does not come of time passing.</param>
public sealed class LeapingTime(Func<bool> isBusy) : TimeProvider, IDisposable
{
    /// <summary>How often in a row nothing must be done: an answer is on its way to the pool for some microseconds.</summary>
    private const int Looks = 5;
    private const int SpinsBetween = 2000;

    private readonly Lock _lock = new();
    private readonly SortedSet<Wait> _waits = [];
    private long _ticks = DateTimeOffset.UtcNow.Ticks;
    private long _created;
    private volatile bool _isDisposed;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Lets time pass from now on.</summary>
    public void Start() => new Thread(Run) { IsBackground = true, Name = nameof(LeapingTime) }.Start();

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
    public void Dispose() => _isDisposed = true;

    private static bool IsPoolIdle()
    {
        ThreadPool.GetMaxThreads(out var most, out _);
        ThreadPool.GetAvailableThreads(out var free, out _);
        return free == most && ThreadPool.PendingWorkItemCount == 0;
    }

    private void Run()
    {
        while (!_isDisposed)
        {
            if (IsIdle())
            {
                Leap();
            }
        }
    }

    private bool IsIdle()
    {
        for (var look = 0; look < Looks; look++)
        {
            if (isBusy() || !IsPoolIdle())
            {
                Thread.Yield();
                return false;
            }

            Thread.SpinWait(SpinsBetween);
        }

        return true;
    }

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
