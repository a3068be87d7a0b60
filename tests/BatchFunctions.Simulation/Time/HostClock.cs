namespace BatchFunctions.Simulation.Time;

/// <summary>A process's clock, which need not be right; its waits end in the one simulated time.</summary>
/// <param name="agenda">The simulated time.</param>
/// <param name="host">The process; null for storage, which does not die.</param>
/// <param name="ahead">How far it is ahead of the right time.</param>
internal sealed class HostClock(Agenda agenda, IHost? host, TimeSpan ahead) : TimeProvider
{
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => agenda.UtcNow + ahead;

    public override long GetTimestamp() => agenda.Now.Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(agenda, host, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class Timer(Agenda agenda, IHost? host, Action run) : ITimer
    {
        private Appointment? _next;
        private TimeSpan _period;
        private bool _isDisposed;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _next?.CallOff();
            _next = null;
            _period = period;
            if (!_isDisposed && dueTime >= TimeSpan.Zero)
            {
                _next = agenda.In(dueTime, host, Ring);
            }

            return !_isDisposed;
        }

        public void Dispose()
        {
            _isDisposed = true;
            _next?.CallOff();
            _next = null;
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Ring()
        {
            _next = _period > TimeSpan.Zero ? agenda.In(_period, host, Ring) : null;
            run();
        }
    }
}
