using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.Testing;

/// <summary>
/// A clock that stands still and tells which waits have been begun on it. A test awaits the wait that it expects, looks
/// at its length, and lets it pass: nothing is guessed about when the code under test gets there.
/// </summary>
/// <param name="unobserved">The length of waits that are not told, such as a time limit that each attempt carries.</param>
public sealed class ObservedTime(TimeSpan? unobserved = null) : FakeTimeProvider
{
    private readonly Channel<TimeSpan> _waits = Channel.CreateUnbounded<TimeSpan>();

    private Action? _atNextReading;

    /// <summary>Runs once, when the time of day is next asked for: a way into the middle of the code under test.</summary>
    public Action? AtNextReading
    {
        get => _atNextReading;
        set => _atNextReading = value;
    }

    /// <summary>The next wait that has been begun; it has not passed yet.</summary>
    /// <exception cref="TimeoutException">None was begun in half a minute of real time.</exception>
    public async Task<TimeSpan> NextWaitAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        try
        {
            return await _waits.Reader.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException exception)
        {
            throw new TimeoutException("Nothing began to wait.", exception);
        }
    }

    /// <summary>Awaits the next wait and lets it pass.</summary>
    /// <returns>Its length.</returns>
    public async Task<TimeSpan> PassNextWaitAsync()
    {
        var wait = await NextWaitAsync();
        Advance(wait);
        return wait;
    }

    /// <summary>Lets time pass in steps, as long as it takes; between two of them the code under test may do what is due.</summary>
    /// <param name="condition">What is waited for.</param>
    /// <param name="step">How much time passes at once.</param>
    /// <exception cref="TimeoutException">It did not hold in half a minute of real time.</exception>
    public async Task AdvanceUntilAsync(Func<bool> condition, TimeSpan step)
    {
        var began = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(began) > TimeSpan.FromSeconds(30))
            {
                throw new TimeoutException($"It has not come to pass by {GetUtcNow()}.");
            }

            Advance(step);
            await Task.Delay(1);
        }
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        Interlocked.Exchange(ref _atNextReading, null)?.Invoke();
        return base.GetUtcNow();
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        if (dueTime > TimeSpan.Zero && dueTime != unobserved)
        {
            _ = _waits.Writer.TryWrite(dueTime);
        }

        return timer;
    }
}
