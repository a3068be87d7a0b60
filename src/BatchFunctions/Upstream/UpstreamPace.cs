namespace BatchFunctions.Upstream;

/// <summary>
/// The rate at which lines are sent once the upstream has refused some for being too many (429). Without refusals there is
/// no rate. A refusal sets it a little below what was let in lately; while nothing is refused it grows, slowly where it was
/// refused last, faster the longer that is ago. Under the gate's lock; it has none of its own.
/// </summary>
/// <remarks>
/// A line counts as let in when it has been sent and not been refused: a refusal comes at once, and an answer may take minutes.
/// </remarks>
internal sealed class UpstreamPace(TimeProvider time)
{
    /// <summary>The slowest: as often as a dead upstream is asked.</summary>
    private static readonly double Slowest = 1 / UpstreamBreaker.ProbeInterval.TotalSeconds;

    /// <summary>What a refusal leaves of the rate that was let in.</summary>
    private const double Back = 0.96;

    /// <summary>By how much the rate is raised each second when a run of refusals has ended.</summary>
    private const double Return = 4;

    /// <summary>Lines over which it is seen what a slow upstream lets in.</summary>
    private const int LinesInWindow = 5;

    /// <summary>How often the rate is lowered, at most: lines that were on their way together are refused together.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);

    /// <summary>Over how long it is seen what the upstream lets in, at least.</summary>
    private static readonly TimeSpan ShortestWindow = TimeSpan.FromSeconds(4);

    /// <summary>After how long without a refusal the rate is given up.</summary>
    private static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(5);

    /// <summary>When lines were sent that have not been refused, in the <see cref="Window"/>.</summary>
    private readonly LinkedList<DateTimeOffset> _letIn = [];

    private double _rate = double.PositiveInfinity;

    /// <summary>What was let in before the last run of refusals: there the rate returns to at once, when they end.</summary>
    private double _goal = double.PositiveInfinity;
    private DateTimeOffset _next;
    private DateTimeOffset _lowered;
    private DateTimeOffset _burst;
    private DateTimeOffset _refused;
    private DateTimeOffset _raised;

    /// <summary>Lines a second; infinite while nothing is refused.</summary>
    public double Rate => _rate;

    /// <summary>Whether it can be no slower, and nothing has been let in for some seconds.</summary>
    public bool IsStandstill
    {
        get
        {
            Forget(time.GetUtcNow());
            return _rate <= Slowest && _letIn.Count == 0;
        }
    }

    private TimeSpan Window => TimeSpan.FromSeconds(Math.Max(ShortestWindow.TotalSeconds, LinesInWindow / _rate));

    /// <summary>When the next line may be sent.</summary>
    public DateTimeOffset Next
    {
        get
        {
            if (!double.IsInfinity(_rate) && time.GetUtcNow() - _refused > Forgotten)
            {
                _rate = _goal = double.PositiveInfinity;
            }

            return double.IsInfinity(_rate) ? DateTimeOffset.MinValue : _next;
        }
    }

    /// <summary>A line is sent.</summary>
    /// <returns>What <see cref="Refused"/> is told if it is refused.</returns>
    public LinkedListNode<DateTimeOffset> Sent()
    {
        var now = time.GetUtcNow();
        Forget(now);
        if (!double.IsInfinity(_rate))
        {
            Grow(now);
            _next = (_next > now ? _next : now) + TimeSpan.FromSeconds(1 / _rate);
        }

        return _letIn.AddLast(now);
    }

    /// <summary>A line went through.</summary>
    public void Passed()
    {
        var now = time.GetUtcNow();
        if (_rate >= _goal * Back * Back || double.IsInfinity(_rate) || now - _raised < Settling)
        {
            return;
        }

        _rate = Math.Min(_goal, _rate * Return);
        _raised = now;
        var next = now + TimeSpan.FromSeconds(1 / _rate);
        _next = next < _next ? next : _next;
    }

    /// <summary>A line was refused for being one too many.</summary>
    /// <param name="sent">What <see cref="Sent"/> returned for it.</param>
    /// <param name="rest">How long nothing should be sent at all; null for a rate alone.</param>
    public void Refused(LinkedListNode<DateTimeOffset> sent, TimeSpan? rest)
    {
        var now = time.GetUtcNow();
        sent.List?.Remove(sent);
        Forget(now);
        if (double.IsInfinity(_rate))
        {
            // How many of a burst are let in is only known when its refusals are in.
            _rate = Slowest;
            _lowered = _burst = now;
            _next = now + Settling;
            SetGoal(now);
        }
        else if (now - _lowered >= Settling)
        {
            Lower(now);
        }
        else if (now - _burst < Settling)
        {
            SetGoal(now);
        }

        _refused = _raised = now;
        if (rest is { } asked && now + asked > _next)
        {
            _next = now + asked;
        }
    }

    private void Lower(DateTimeOffset now)
    {
        if (_letIn.Last?.Value >= _lowered)
        {
            var isNewRun = now - _refused > Window;
            _rate = Math.Max(Slowest, isNewRun ? _rate * Back : Math.Min(_rate * Back, Math.Max(Seen(now), _rate / 2)));
            _goal = _rate;
        }
        else
        {
            _rate = Slowest;
        }

        _lowered = now;
        _next = now + TimeSpan.FromSeconds(1 / _rate);
    }

    private void SetGoal(DateTimeOffset now) => _goal = Seen(now) is var seen && seen > 0 ? seen * Back : double.PositiveInfinity;

    /// <summary>Lines a second that were let in lately.</summary>
    private double Seen(DateTimeOffset now) =>
        _letIn.First is { } first ? _letIn.Count / Math.Max(1, (now - first.Value).TotalSeconds) : 0;

    /// <summary>
    /// Two percent in ten seconds, or in fifty lines, soon after a refusal, so that few are refused again; where that is long
    /// ago the limit may be another by now.
    /// </summary>
    private void Grow(DateTimeOffset now)
    {
        var seconds = Math.Min(5, (now - _raised).TotalSeconds);
        if (seconds < 1 || _rate < _goal * Back * Back)
        {
            return;
        }

        var unit = Math.Max(10, 50 / _rate);
        var calm = (now - _refused).TotalSeconds / unit;
        _rate *= 1 + (seconds / unit * (calm < 1 ? 0.02 : calm < 3 ? 0.1 : 1));
        _goal = Math.Max(_goal, _rate);
        _raised = now;
    }

    private void Forget(DateTimeOffset now)
    {
        while (_letIn.First is { } oldest && now - oldest.Value > Window)
        {
            _letIn.Remove(oldest);
        }
    }
}
