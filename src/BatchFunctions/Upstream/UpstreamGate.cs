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

    /// <summary>How many lines in flight an upstream that has just come back begins with; it doubles with each round that goes through.</summary>
    private const int FirstAfterOutage = 4;

    /// <summary>How often the limit is lowered, at most: lines that were in flight together fail together.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);

    /// <summary>How long it is remembered how many in flight were too many.</summary>
    private static readonly TimeSpan TooManyFor = TimeSpan.FromMinutes(10);

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
    private double _tooMany;
    private int _inFlight;
    private int _suspectsInFlight;
    private int _probesInFlight;
    private bool _isAlone;
    private DateTimeOffset _lowered;
    private DateTimeOffset _timedOut;

    public UpstreamGate(UpstreamBreaker breaker, IOptions<BatchOptions> options, TimeProvider time)
    {
        _breaker = breaker;
        _pace = new UpstreamPace(time);
        _time = time;
        _most = options.Value.Upstream.Concurrency;
        _limit = _most;
        _tooMany = 2 * _most;
        _timer = time.CreateTimer(_ => Look(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>What is known of the upstream.</summary>
    public UpstreamCondition Condition
    {
        get
        {
            lock (_lock)
            {
                return _breaker.Condition;
            }
        }
    }

    /// <summary>Lines in flight.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Waits for a place.</summary>
    /// <param name="suspicion">How far the line is suspected of breaking connections; <see cref="Alone"/> at most.</param>
    /// <param name="leadsChunk">
    /// Whether it is the next line of a chunk that has more: while the breaker is open such a line stays when others go to
    /// storage, so that its chunk goes on at once when the upstream is back.
    /// </param>
    /// <param name="ct">Ends the wait; then no place is held.</param>
    /// <returns>The place, to be disposed of when the line is back; or how long to wait in storage in the place of here.</returns>
    public Task<GateAnswer> EnterAsync(int suspicion, bool leadsChunk, CancellationToken ct)
    {
        Waiter waiter;
        lock (_lock)
        {
            waiter = new Waiter(suspicion, leadsChunk, _time.GetUtcNow());
            (suspicion > 0 ? _suspects : _waiting).AddLast(waiter.Node);
            Grant();
        }

        return waiter.Source.Task.IsCompleted ? waiter.Source.Task : WaitAsync(waiter, ct);
    }

    /// <summary>Takes note of what came of a line in flight, before its place is given back.</summary>
    public void Note(Place place, Verdict verdict, Reply reply)
    {
        lock (_lock)
        {
            if (verdict.Blame == Blame.Upstream)
            {
                Failed(place, reply);
            }
            else if (verdict.Blame is Blame.None or Blame.Line && reply is Reply.Answer)
            {
                Passed();
            }

            Grant();
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Passed()
    {
        if (_breaker.IsOpen)
        {
            _limit = Math.Min(FirstAfterOutage, _most);
        }

        _breaker.Passed();
        _pace.Passed();

        // Doubling up to half of what was too much before, and from there on by one for as many as are in flight.
        _limit = Math.Min(_most, _limit + (_limit < _tooMany / 2 ? 1 : 1 / _limit));
        _tooMany = _time.GetUtcNow() - _timedOut > TooManyFor ? 2 * _most : Math.Max(_tooMany, _limit);
    }

    private void Failed(Place place, Reply reply)
    {
        var now = _time.GetUtcNow();
        if (reply is Reply.Answer { StatusCode: 429 } refusal)
        {
            // What is refused for being too much has a pace to be found. Everybody rests where nobody else gets through.
            _pace.Refused(place.Sent, _breaker.IsFailing ? refusal.RetryAfter : null);
            if (_pace.IsStandstill || refusal.RetryAfter > _breaker.LongestWait)
            {
                _breaker.Failed(reply);
            }

            return;
        }

        _breaker.Failed(reply);
        if (reply is Reply.TimedOut)
        {
            _timedOut = now;
            _tooMany = Math.Min(_tooMany, place.InFlight);
        }

        if (now - _lowered >= Settling)
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
            var waiting = _waiting.Concat(_suspects).ToList();
            var stays = _breaker.IsProbeFar ? null : waiting.Find(waiter => waiter.LeadsChunk) ?? waiting.FirstOrDefault();
            foreach (var waiter in waiting.Where(waiter => waiter != stays))
            {
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
        waiter.Source.TrySetResult(new GateAnswer(
            new Place(this, waiter.Suspicion, isProbe, _inFlight, _pace.Sent()), TimeSpan.Zero));
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
        public Waiter(int suspicion, bool leadsChunk, DateTimeOffset since)
        {
            Suspicion = suspicion;
            LeadsChunk = leadsChunk;
            Since = since;
            Node = new LinkedListNode<Waiter>(this);
        }

        public int Suspicion { get; }

        public bool LeadsChunk { get; }

        public DateTimeOffset Since { get; }

        public LinkedListNode<Waiter> Node { get; }

        public TaskCompletionSource<GateAnswer> Source { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>A line's place in flight.</summary>
    internal sealed class Place(
        UpstreamGate gate, int suspicion, bool isProbe, int inFlight, LinkedListNode<DateTimeOffset> sent) : IDisposable
    {
        private UpstreamGate? _gate = gate;

        public int Suspicion { get; } = suspicion;

        public bool IsProbe { get; } = isProbe;

        /// <summary>How many lines were in flight with it when it was given out, itself included.</summary>
        public int InFlight { get; } = inFlight;

        /// <summary>When it was given out, as the pace counts it.</summary>
        public LinkedListNode<DateTimeOffset> Sent { get; } = sent;

        public void Dispose() => Interlocked.Exchange(ref _gate, null)?.Return(this);
    }
}

/// <summary>A place in flight, or else how long to wait in storage for one.</summary>
/// <param name="Place">The place; null when there is none to be had soon.</param>
/// <param name="Wait">How long to wait in storage.</param>
internal readonly record struct GateAnswer(UpstreamGate.Place? Place, TimeSpan Wait);
