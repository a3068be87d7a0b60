namespace BatchFunctions.Simulation.Time;

/// <summary>
/// The one simulated time of a life, and what is to happen in it. Time stands while anything is done, and leaps to the next
/// appointment when nothing is.
/// </summary>
internal sealed class Agenda
{
    /// <summary>When each life begins.</summary>
    public static readonly DateTimeOffset Beginning = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly PriorityQueue<Appointment, (long Due, long Number)> _appointments = new();
    private readonly Quiet _quiet = new();
    private long _number;

    /// <summary>The time since the life began.</summary>
    public TimeSpan Now { get; private set; }

    /// <summary>The time by a clock that is right.</summary>
    public DateTimeOffset UtcNow => Beginning + Now;

    /// <summary>Appointments that have come so far.</summary>
    public long Past { get; private set; }

    /// <summary>Makes an appointment.</summary>
    /// <param name="delay">From now on.</param>
    /// <param name="host">The process that it happens in, if it does.</param>
    /// <param name="run">What happens.</param>
    public Appointment In(TimeSpan delay, IHost? host, Action run)
    {
        var made = new Appointment(host, run);
        Add(made, Now + (delay > TimeSpan.Zero ? delay : TimeSpan.Zero));
        return made;
    }

    /// <summary>Waits.</summary>
    public Task Delay(TimeSpan delay)
    {
        var done = new TaskCompletionSource();
        In(delay, null, done.SetResult);
        return done.Task;
    }

    /// <summary>Lets time pass.</summary>
    /// <param name="isOver">Ends it; asked whenever nothing is being done.</param>
    /// <param name="until">Ends it as well.</param>
    /// <returns>Whether it was over by then.</returns>
    public async Task<bool> PassAsync(Func<bool> isOver, TimeSpan until)
    {
        while (true)
        {
            await _quiet;
            if (isOver())
            {
                return true;
            }

            if (!_appointments.TryPeek(out var next, out var place) || place.Due > until.Ticks)
            {
                Now = until;
                return false;
            }

            _appointments.Dequeue();

            if (next.IsOff || next.Host?.IsDead == true)
            {
                continue;
            }

            if (next.Host?.FrozenUntil > TimeSpan.FromTicks(Math.Max(place.Due, Now.Ticks)))
            {
                Add(next, next.Host.FrozenUntil);
                continue;
            }

            Now = TimeSpan.FromTicks(Math.Max(place.Due, Now.Ticks));
            Past++;
            next.Run();
        }
    }

    private void Add(Appointment appointment, TimeSpan due) => _appointments.Enqueue(appointment, (due.Ticks, _number++));
}
