namespace BatchFunctions.Upstream;

/// <summary>
/// The rate at which lines are sent once the upstream has refused some for being too many (429). Without refusals there is
/// no rate. A refusal shows a ceiling and leaves a little less. From there the rate grows along the cubic curve of TCP CUBIC
/// (RFC 9438): soon nearly to the ceiling, slowly past it, and ever faster once it is behind; the more often the same
/// ceiling was refused, the longer that takes. Under the gate's lock; it has none of its own.
/// </summary>
/// <remarks>
/// A line counts as let in when it has been sent and not been refused: a refusal comes at once, and an answer may take minutes.
/// </remarks>
internal sealed class UpstreamPace(TimeProvider time)
{
    /// <summary>The rate where nobody is let in: as often as a dead upstream is asked.</summary>
    private static readonly double Slowest = 1 / UpstreamBreaker.ProbeInterval.TotalSeconds;

    /// <summary>The lowest ceiling: many processes may share a limit of few lines a minute.</summary>
    private const double LowestCeiling = 1 / 30.0;

    /// <summary>What a refusal leaves of the ceiling.</summary>
    private const double Back = 0.96;

    /// <summary>The least of the rate that is taken for the ceiling when a run of refusals begins.</summary>
    private const double LeastCeiling = 0.9;

    /// <summary>How far beyond the ceiling a rate that is refused shows the same ceiling, and one that is not shows that it holds no more.</summary>
    private const double SameCeiling = 1.1;

    /// <summary>By how much the rate is raised each second when a run of refusals has ended.</summary>
    private const double Return = 4;

    /// <summary>Lines over which it is seen what a slow upstream lets in.</summary>
    private const int LinesInWindow = 5;

    /// <summary>Seconds in which the rate grows to a ceiling that was refused once; each further time doubles them.</summary>
    private const double ShortestGrowth = 10;

    /// <summary>The most that they are doubled to.</summary>
    private const double LongestGrowth = 40;

    /// <summary>Lines that are sent meanwhile, at least.</summary>
    private const int LinesOfGrowth = 50;

    /// <summary>The longest that these are waited for.</summary>
    private const double SlowestGrowth = 100;

    /// <summary>After how many times the growth to the ceiling the rate is given up: it is thirty times the ceiling then.</summary>
    private const double GivenUp = 10;

    /// <summary>How late a line may be sent for the pace to have been what it waited for, in seconds: timers are no more exact.</summary>
    private const double Late = 0.02;

    /// <summary>How often the rate is lowered, at most: lines that were on their way together are refused together.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);

    /// <summary>Over how long it is seen what the upstream lets in, at least.</summary>
    private static readonly TimeSpan ShortestWindow = TimeSpan.FromSeconds(4);

    /// <summary>When lines were sent that have not been refused, in the <see cref="Window"/>.</summary>
    private readonly LinkedList<DateTimeOffset> _letIn = [];

    private double _rate = double.PositiveInfinity;

    /// <summary>More is refused; once a run of refusals has ended, the rate returns to a little less at once.</summary>
    private double _ceiling = double.PositiveInfinity;

    /// <summary>Seconds in which the rate grows to the ceiling.</summary>
    private double _growth = ShortestGrowth;

    /// <summary>For how long it has grown, in such times.</summary>
    private double _grown;

    /// <summary>Lines that were let in since the last refusal.</summary>
    private int _sinceRefusal;
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

    /// <summary>When the next line may be sent.</summary>
    public DateTimeOffset Next => double.IsInfinity(_rate) ? DateTimeOffset.MinValue : _next;

    private TimeSpan Window => TimeSpan.FromSeconds(Math.Max(ShortestWindow.TotalSeconds, LinesInWindow / _rate));

    /// <summary>Whether the rate is not yet where a refusal leaves it, since nobody was let in.</summary>
    private bool IsReturning => _rate < _ceiling * Back * 0.999;

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

        _sinceRefusal++;
        return _letIn.AddLast(now);
    }

    /// <summary>A line went through.</summary>
    public void Passed()
    {
        var now = time.GetUtcNow();
        var isTried = _letIn.Last?.Value >= _raised;
        if (!IsReturning || !isTried || now - _raised < Settling)
        {
            return;
        }

        _rate = Math.Min(_ceiling * Back, _rate * Return);
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
        _sinceRefusal--;
        Forget(now);
        if (double.IsInfinity(_rate))
        {
            // How many of a burst are let in is only known when its refusals are in.
            _rate = Slowest;
            _lowered = _burst = now;
            _next = now + Settling;
            _ceiling = SeenInBurst(now);
        }
        else if (now - _lowered >= Settling)
        {
            Lower(now);
        }
        else if (now - _burst < Settling)
        {
            _ceiling = SeenInBurst(now);
        }

        _refused = _raised = now;
        _grown = _sinceRefusal = 0;
        if (rest is { } asked && now + asked > _next)
        {
            _next = now + asked;
        }
    }

    private void Lower(DateTimeOffset now)
    {
        if (_letIn.Last?.Value > _lowered)
        {
            _ceiling = Math.Max(LowestCeiling, now - _refused > Window ? Found(now) : Math.Clamp(Seen(now) / Back, _rate / 2, _rate));
            _rate = _ceiling * Back;
        }
        else
        {
            // Nobody is let in. Of a burst that nobody passed the first guess is as good as any.
            _ceiling = double.IsInfinity(_ceiling) && _rate > Slowest ? _rate : _ceiling;
            _rate = Slowest;
        }

        _lowered = now;
        _next = now + TimeSpan.FromSeconds(1 / _rate);
    }

    /// <summary>
    /// The ceiling that a new run of refusals shows. What a bucket lets in between two times that it is empty is its rate, and what
    /// a window refuses is a little more than its own; so half of the way from one to the other.
    /// </summary>
    private double Found(DateTimeOffset now)
    {
        _growth = _rate < _ceiling * SameCeiling ? Math.Min(LongestGrowth, _growth * 2) : ShortestGrowth;
        var letIn = _sinceRefusal / (now - _refused).TotalSeconds;
        return Math.Clamp((letIn + _rate) / 2, _rate * LeastCeiling, _rate);
    }

    private double SeenInBurst(DateTimeOffset now) => Seen(now) is var seen && seen > 0 ? seen : double.PositiveInfinity;

    /// <summary>Lines a second that were let in lately.</summary>
    private double Seen(DateTimeOffset now) =>
        _letIn.First is { } first ? _letIn.Count / Math.Max(1, (now - first.Value).TotalSeconds) : 0;

    /// <summary>Grows while the pace is what lines wait for: a rate that is not tried says nothing.</summary>
    private void Grow(DateTimeOffset now)
    {
        if (IsReturning)
        {
            return;
        }

        // Not for as long as the upstream asked to be left alone.
        var seconds = Math.Min((now - _raised).TotalSeconds, Math.Max(Late, 2 / _rate));
        _raised = now;
        if ((now - _next).TotalSeconds > Math.Max(Late, 1 / _rate))
        {
            return;
        }

        _growth = _rate > _ceiling * SameCeiling ? ShortestGrowth : _growth;
        _grown += seconds / Math.Max(_growth, Math.Min(SlowestGrowth, LinesOfGrowth / _rate));
        _rate = _grown < GivenUp ? _ceiling * (1 + ((1 - Back) * Math.Pow(_grown - 1, 3))) : double.PositiveInfinity;
    }

    private void Forget(DateTimeOffset now)
    {
        while (_letIn.First is { } oldest && now - oldest.Value > Window)
        {
            _letIn.Remove(oldest);
        }
    }
}
