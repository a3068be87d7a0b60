namespace BatchFunctions.Upstream;

/// <summary>
/// The rate at which lines are sent once the upstream has refused some for being too many (429). Without refusals there is
/// no rate. A refusal sets it a little below what was let through lately; while nothing is refused it grows, slowly where it
/// was refused last, faster the longer that is ago. Under the gate's lock; it has none of its own.
/// </summary>
internal sealed class UpstreamPace(TimeProvider time)
{
    /// <summary>The slowest: as often as a dead upstream is asked.</summary>
    private const double Slowest = 0.2;

    /// <summary>What a refusal leaves of the rate that was let through.</summary>
    private const double Back = 0.96;

    /// <summary>How often the rate is lowered, at most: lines that were on their way together are refused together.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);

    /// <summary>Over how long it is seen what the upstream lets through.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(4);

    /// <summary>After how long without a refusal the rate is given up.</summary>
    private static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(5);

    private readonly Queue<DateTimeOffset> _passed = new();
    private double _rate = double.PositiveInfinity;

    /// <summary>What was let through before the last run of refusals: there the rate returns to at once, when they end.</summary>
    private double _goal = double.PositiveInfinity;
    private DateTimeOffset _next;
    private DateTimeOffset _lowered;
    private DateTimeOffset _refused;
    private DateTimeOffset _raised;

    /// <summary>Lines a second; infinite while nothing is refused.</summary>
    public double Rate => _rate;

    /// <summary>When the next line may be sent.</summary>
    public DateTimeOffset Next => double.IsInfinity(_rate) ? DateTimeOffset.MinValue : _next;

    /// <summary>A line is sent.</summary>
    public void Sent()
    {
        if (!double.IsInfinity(_rate))
        {
            var now = time.GetUtcNow();
            _next = (_next > now ? _next : now) + TimeSpan.FromSeconds(1 / _rate);
        }
    }

    /// <summary>A line went through.</summary>
    public void Passed()
    {
        var now = time.GetUtcNow();
        _passed.Enqueue(now);
        Forget(now);
        if (_rate < _goal * Back * Back)
        {
            _rate = Math.Min(_goal, _rate * 2);
            var next = now + TimeSpan.FromSeconds(1 / _rate);
            _next = next < _next ? next : _next;
            return;
        }

        if (double.IsInfinity(_rate) || now - _raised < Settling)
        {
            return;
        }

        if (now - _refused > Forgotten)
        {
            _rate = _goal = double.PositiveInfinity;
            return;
        }

        // A hundredth a second soon after a refusal; where that is long ago the limit may be another by now.
        var calm = (now - _refused).TotalSeconds;
        _rate *= calm < 10 ? 1.002 : calm < 30 ? 1.01 : 1.1;
        _goal = Math.Max(_goal, _rate);
        _raised = now;
    }

    /// <summary>A line was refused for being one too many.</summary>
    public void Refused()
    {
        var now = time.GetUtcNow();
        Forget(now);
        var isFirst = double.IsInfinity(_rate);
        if (!isFirst && now - _lowered < Settling)
        {
            _refused = now;
            return;
        }

        var isNewRun = isFirst || now - _refused > Window;
        var seconds = Math.Max(1, _passed.Count > 0 ? (now - _passed.Peek()).TotalSeconds : Window.TotalSeconds);
        var seen = _passed.Count / seconds;
        _goal = isNewRun && seen > 0 ? seen * Back : _goal;
        _rate = Math.Max(Slowest, isFirst ? seen * Back : Math.Min(_rate * Back, Math.Max(seen, _rate / 2)));
        _lowered = now;
        _refused = now;
        _raised = now;
        _next = now + TimeSpan.FromSeconds(1 / _rate);
    }

    private void Forget(DateTimeOffset now)
    {
        while (_passed.TryPeek(out var oldest) && now - oldest > Window)
        {
            _passed.Dequeue();
        }
    }
}
