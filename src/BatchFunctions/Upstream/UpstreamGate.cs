using BatchFunctions.Configuration;
using Microsoft.Extensions.Options;

namespace BatchFunctions.Upstream;

/// <summary>
/// Gives out the places of lines in flight, for the whole process, first come, first served, whichever chunks they belong
/// to: no more than the limit, no faster than the pace, and while the breaker is open one probe at a time. Lines that are
/// suspected of breaking connections go in small company, in the end alone, when nothing else is in flight. A line holds a
/// place only while it is in flight: one that waits keeps nobody back.
/// </summary>
internal sealed class UpstreamGate : IDisposable
{
    /// <summary>The suspicion at which a line goes alone.</summary>
    public const int Alone = 2;

    /// <summary>Lines in flight at once that have been suspected once.</summary>
    private const int SmallCompany = 8;

    /// <summary>How many lines in flight an upstream that has just come back begins with; each that goes through adds one.</summary>
    private const int FirstAfterOutage = 4;

    /// <summary>How long suspects wait for others to go first.</summary>
    private static readonly TimeSpan SuspectsWait = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly LinkedList<Waiter> _waiting = [];
    private readonly LinkedList<Waiter> _suspects = [];
    private readonly UpstreamBreaker _breaker;
    private readonly UpstreamPace _pace;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly int _most;
    private double _limit;
    private int _inFlight;
    private int _suspectsInFlight;
    private int _probesInFlight;
    private bool _isAlone;
    private DateTimeOffset _lowered;

    public UpstreamGate(UpstreamBreaker breaker, IOptions<BatchOptions> options, TimeProvider time)
    {
        _breaker = breaker;
        _pace = new UpstreamPace(time);
        _time = time;
        _most = options.Value.Upstream.Concurrency;
        _limit = _most;
        _timer = time.CreateTimer(_ => Look(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Waits for a place.</summary>
    /// <param name="suspicion">How often the line was in flight when connections broke; <see cref="Alone"/> at most.</param>
    /// <param name="ct">Ends the wait; then no place is held.</param>
    /// <returns>The place, to be disposed of when the line is back; or how long to wait in storage in the place of here.</returns>
    public Task<GateAnswer> EnterAsync(int suspicion, CancellationToken ct)
    {
        Waiter waiter;
        lock (_lock)
        {
            waiter = new Waiter(suspicion, _time.GetUtcNow());
            (suspicion > 0 ? _suspects : _waiting).AddLast(waiter.Node);
            Grant();
        }

        return waiter.Source.Task.IsCompleted ? waiter.Source.Task : WaitAsync(waiter, ct);
    }

    /// <summary>Takes note of what came of a line in flight, before its place is given back.</summary>
    public void Note(Verdict verdict, Reply reply)
    {
        lock (_lock)
        {
            switch (verdict.Blame)
            {
                case Blame.None or Blame.Line when reply is Reply.Answer:
                    if (_breaker.IsOpen)
                    {
                        _limit = Math.Min(FirstAfterOutage, _most);
                    }

                    _breaker.Passed();
                    _pace.Passed();
                    _limit = Math.Min(_most, _limit + 1);
                    break;
                case Blame.Upstream:
                    _breaker.Failed(reply);
                    if (reply is Reply.Answer { StatusCode: 429 })
                    {
                        _pace.Refused();
                    }
                    else
                    {
                        Lower();
                    }

                    break;
                case Blame.Doubtful when reply is Reply.TimedOut:
                    // It may have waited in the upstream's own queue all the time: less at once is the answer to that.
                    Lower();
                    break;
                default:
                    break;
            }

            Grant();
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Lower()
    {
        var now = _time.GetUtcNow();
        if (now - _lowered >= TimeSpan.FromSeconds(1))
        {
            _limit = Math.Max(1, Math.Min(_limit, Math.Max(1, _inFlight)) / 2);
            _lowered = now;
        }
    }

    private async Task<GateAnswer> WaitAsync(Waiter waiter, CancellationToken ct)
    {
        await using var registration = ct.UnsafeRegister(
            static (state, token) =>
            {
                var (gate, waiter) = ((UpstreamGate, Waiter))state!;
                lock (gate._lock)
                {
                    if (waiter.Source.TrySetCanceled(token))
                    {
                        waiter.Node.List?.Remove(waiter.Node);
                    }
                }
            },
            (this, waiter));
        return await waiter.Source.Task;
    }

    private void Look()
    {
        lock (_lock)
        {
            Grant();
        }
    }

    /// <summary>Gives out what may be given out now, and sets the timer for what may be later.</summary>
    private void Grant()
    {
        var now = _time.GetUtcNow();
        if (_breaker.IsOpen)
        {
            Probe(now);
            return;
        }

        while (Candidate(now) is { } next)
        {
            if (_pace.Next > now)
            {
                WakeAt(_pace.Next, now);
                return;
            }

            Give(next, isProbe: false);
        }

        if (_suspects.First is { } suspect && _inFlight == 0)
        {
            WakeAt(suspect.Value.Since + SuspectsWait, now);
        }
    }

    private Waiter? Candidate(DateTimeOffset now)
    {
        if (_suspectsInFlight > 0)
        {
            // Others wait until the suspects are back: who breaks what must be certain.
            return _suspects.First?.Value is { } joining && joining.Suspicion < Alone && _suspectsInFlight < SmallCompany
                && !_isAlone ? joining : null;
        }

        if (_suspects.First?.Value is { } suspect && (_waiting.Count == 0 || now - suspect.Since > SuspectsWait))
        {
            return _inFlight == 0 ? suspect : null;
        }

        return _waiting.First?.Value is { } waiter && _inFlight < Math.Floor(_limit) ? waiter : null;
    }

    private void Probe(DateTimeOffset now)
    {
        if (_probesInFlight == 0 && _breaker.NextProbe <= now && (_waiting.First ?? _suspects.First)?.Value is { } probe)
        {
            _breaker.Probing();
            Give(probe, isProbe: true);
        }

        if (_breaker.StorageWait is var wait && wait > TimeSpan.Zero)
        {
            // All but the one that will be the next probe, where that is soon.
            var isFirst = _probesInFlight == 0 && !_breaker.IsProbeFar;
            foreach (var waiter in _waiting.Concat(_suspects).ToList())
            {
                if (isFirst)
                {
                    isFirst = false;
                    continue;
                }

                waiter.Node.List!.Remove(waiter.Node);
                waiter.Source.TrySetResult(new GateAnswer(null, wait));
            }
        }

        if (_waiting.Count + _suspects.Count > 0)
        {
            var soon = now + TimeSpan.FromSeconds(1);
            WakeAt(_breaker.NextProbe > soon ? soon : _breaker.NextProbe, now);
        }
    }

    private void Give(Waiter waiter, bool isProbe)
    {
        waiter.Node.List!.Remove(waiter.Node);
        _inFlight++;
        _probesInFlight += isProbe ? 1 : 0;
        _suspectsInFlight += waiter.Suspicion > 0 ? 1 : 0;
        _isAlone |= waiter.Suspicion >= Alone;
        _pace.Sent();
        waiter.Source.TrySetResult(new GateAnswer(new Place(this, waiter.Suspicion, isProbe), TimeSpan.Zero));
    }

    private void Return(Place place)
    {
        lock (_lock)
        {
            _inFlight--;
            _probesInFlight -= place.IsProbe ? 1 : 0;
            _suspectsInFlight -= place.Suspicion > 0 ? 1 : 0;
            _isAlone &= place.Suspicion < Alone;
            Grant();
        }
    }

    private void WakeAt(DateTimeOffset due, DateTimeOffset now)
    {
        var wait = due - now;
        _timer.Change(wait > TimeSpan.FromMilliseconds(1) ? wait : TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
    }

    private sealed class Waiter
    {
        public Waiter(int suspicion, DateTimeOffset since)
        {
            Suspicion = suspicion;
            Since = since;
            Node = new LinkedListNode<Waiter>(this);
        }

        public int Suspicion { get; }

        public DateTimeOffset Since { get; }

        public LinkedListNode<Waiter> Node { get; }

        public TaskCompletionSource<GateAnswer> Source { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>A line's place in flight.</summary>
    internal sealed class Place(UpstreamGate gate, int suspicion, bool isProbe) : IDisposable
    {
        private UpstreamGate? _gate = gate;

        public int Suspicion { get; } = suspicion;

        public bool IsProbe { get; } = isProbe;

        public void Dispose() => Interlocked.Exchange(ref _gate, null)?.Return(this);
    }
}

/// <summary>A place in flight, or else how long to wait in storage for one.</summary>
/// <param name="Place">The place; null when there is none to be had soon.</param>
/// <param name="Wait">How long to wait in storage.</param>
internal readonly record struct GateAnswer(UpstreamGate.Place? Place, TimeSpan Wait);
