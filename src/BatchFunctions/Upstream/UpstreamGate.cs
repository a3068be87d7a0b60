using BatchFunctions.Capacity;
using BatchFunctions.Configuration;
using BatchFunctions.Fleet;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.Upstream;

/// <summary>
/// Gives out the places of lines in flight at one upstream, for the whole process, fairly between projects, then between their batches: no more
/// than the limit, no faster than the pace, and while the breaker is open one probe at a time. Lines that are
/// suspected of breaking connections go in small company, in the end alone, when nothing else is in flight. A line holds a
/// place only while it is in flight: one that waits keeps nobody back.
/// </summary>
/// <remarks>One file, though a long one: all of it is under one lock, and each method says what the others may count on.</remarks>
internal sealed partial class UpstreamGate : IAsyncDisposable
{
    /// <summary>The suspicion at which a line goes alone.</summary>
    public const int Alone = 2;

    /// <summary>Lines in flight at once that have been suspected once.</summary>
    private const int SmallCompany = 8;

    /// <summary>How long suspects wait for others to go first.</summary>
    private static readonly TimeSpan SuspectsWait = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LongestLook = TimeSpan.FromHours(1);

    private readonly Lock _lock = new();
    private readonly GateWaiters _waiters;
    private readonly UpstreamBreaker _breaker;
    private readonly UpstreamPace _pace;
    private readonly InFlightLimit _limit;
    private readonly int? _fixedLimit;
    private readonly HeldShare _share;
    private readonly ShareKeeper _keeper;
    private readonly FlightRecord _flight;
    private readonly SoldRates _rates;
    private readonly int _upstream;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private int _inFlight;
    private int _given;
    private long _come;
    private int _suspectsInFlight;
    private int _probesInFlight;
    private bool _isAlone;
    private int _told;

    public UpstreamGate(
        int upstream,
        UpstreamBreaker breaker,
        FleetShare fleet,
        FlightRecord flight,
        UpstreamOptions options,
        TimeProvider time,
        ILogger<UpstreamGate> logger)
    {
        _upstream = upstream;
        _breaker = breaker;
        _waiters = new GateWaiters(time);
        _pace = new UpstreamPace(time);
        _time = time;
        _limit = new InFlightLimit(time);
        _flight = flight;
        _rates = new SoldRates(options, time);
        _fixedLimit = options.FixedConcurrency;
        _keeper = new ShareKeeper(fleet, Demand, Granted, GiveUp, time, logger);
        _share = new HeldShare(fleet.Standing, time);
        _limit.Share = fleet.Standing?.Lines ?? 0;
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

    /// <summary>Since when lines have gone through, if one has lately; null while nobody gets through.</summary>
    public DateTimeOffset? ThroughSince
    {
        get
        {
            lock (_lock)
            {
                return _breaker.ThroughSince;
            }
        }
    }

    /// <summary>How often the upstream has come back.</summary>
    public int Returns
    {
        get
        {
            lock (_lock)
            {
                return _breaker.Returns;
            }
        }
    }

    /// <summary>Whether the upstream is away, and no chunk's run is here that would ask whether it is back.</summary>
    public bool IsForsaken
    {
        get
        {
            lock (_lock)
            {
                return _breaker is { IsOpen: true, IsProbeFar: false } && _waiters.Projects.Count == 0;
            }
        }
    }

    /// <summary>When the pace and the rates let the next line go.</summary>
    private DateTimeOffset Due => _pace.Next > _rates.Next ? _pace.Next : _rates.Next;

    /// <summary>The number of the attempt that was sent last.</summary>
    public int Sent => Volatile.Read(ref _given);

    /// <summary>How many lines were in flight beside the one that has this place, itself included, at one time or another.</summary>
    public int CompanyOf(UpstreamPlace place) => place.InFlight + Sent - place.Number;

    /// <summary>Takes note of what came of a line in flight, before its place is given back.</summary>
    public void Note(UpstreamPlace place, Verdict verdict, Reply reply)
    {
        lock (_lock)
        {
            (place.End, place.Work) = FlightEnds.Of(reply, verdict.IsTimeOut);
            if (reply is Reply.Answer { StatusCode: < 200 or > 299 })
            {
                _rates.Refused(place.Tokens);
            }
            else
            {
                _rates.Answered(place.Tokens, FlightEnds.TokensOf(reply));
            }

            if (verdict.Blame == Blame.Upstream)
            {
                Failed(place, reply, verdict.IsTimeOut);
            }
            else if (Verdicts.WentThrough(verdict, reply) || Verdicts.IsSuccess(reply))
            {
                Passed();
            }

            Grant();
        }
    }

    /// <summary>Takes a place back.</summary>
    public void Return(UpstreamPlace place)
    {
        lock (_lock)
        {
            _inFlight--;
            _flight.Ended(place.Flight, place.End, place.Work);
            GateWaiters.Returned(place.Turn);
            _probesInFlight -= place.IsProbe ? 1 : 0;
            _suspectsInFlight -= place.Suspicion > 0 ? 1 : 0;
            _isAlone &= place.Suspicion < Alone;
            Grant();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        await _keeper.DisposeAsync();
    }

    private void Passed()
    {
        if (_breaker.IsOpen)
        {
            _limit.Restart();

            // So that others hear of it at once.
            _keeper.Wake();
        }

        _breaker.Passed();
        _pace.Passed();
        _limit.Passed();
    }

    private void Failed(UpstreamPlace place, Reply reply, bool isTimeOut)
    {
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
        if (isTimeOut || _breaker.IsFailing)
        {
            // One that is refused while others go through says nothing of how many are too many.
            _limit.Failed(_inFlight, tooMany: isTimeOut ? place.InFlight : null);
        }
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
        if (!_share.Holds(now) || _inFlight >= _limit.Share)
        {
            if (_waiters.IsAny)
            {
                Lack(now);
            }

            return;
        }

        if (_breaker.IsOpen)
        {
            Probe(now);
            return;
        }

        while (Candidate(now) is { } next)
        {
            if (Due is var due && due > now)
            {
                WakeAt(due, now);
                return;
            }

            Give(next, isProbe: false);
        }

        if (_inFlight == 0 && _waiters.Suspect is { } suspect)
        {
            WakeAt(suspect.Since + SuspectsWait, now);
        }
    }

    private GateWaiter? Candidate(DateTimeOffset now)
    {
        if (_suspectsInFlight > 0)
        {
            // Others wait until the suspects are back: who breaks what must be certain.
            var hasRoom = !_isAlone && _suspectsInFlight < SmallCompany;
            return hasRoom && _waiters.Suspect is { Suspicion: < Alone } joining ? joining : null;
        }

        if (_waiters.Suspect is { } suspect && (_waiters.Other is null || now - suspect.Since > SuspectsWait))
        {
            return _inFlight == 0 ? suspect : null;
        }

        return _inFlight < _limit.Most ? _waiters.Other : null;
    }

    private void Probe(DateTimeOffset now)
    {
        while (_probesInFlight == 0 && _breaker.NextProbe <= now && _waiters.Probe is { } probe)
        {
            Give(probe, isProbe: true);
            if (_probesInFlight > 0)
            {
                _breaker.Probing();
            }
        }

        if (_breaker.StorageWait is var wait && wait > TimeSpan.Zero)
        {
            // All but the one that will be the next probe, where that is soon.
            _waiters.PutOff(wait, butOne: !_breaker.IsProbeFar, isAway: true, comesBack: _waiters.IsAny && _breaker.NeedsMessenger());
        }

        if (_waiters.IsAny)
        {
            var soon = now + TimeSpan.FromSeconds(1);
            WakeAt(_breaker.NextProbe > soon ? soon : _breaker.NextProbe, now);
        }
    }

    /// <summary>Gives a line a place, unless another gate was faster.</summary>
    private void Give(GateWaiter waiter, bool isProbe)
    {
        if (!waiter.Ask.TryDecide())
        {
            _waiters.Remove(waiter);
            return;
        }

        _waiters.Sent(waiter);
        _inFlight++;
        _probesInFlight += isProbe ? 1 : 0;
        _suspectsInFlight += waiter.Suspicion > 0 ? 1 : 0;
        _isAlone |= waiter.Suspicion >= Alone;
#pragma warning disable CA2000 // Whoever waited for the place disposes of it.
        waiter.Ask.Give(new UpstreamPlace(
            this, _upstream, waiter.Turn, ++_given, waiter.Suspicion, isProbe, _inFlight, _pace.Sent(), _flight.Sent(), _rates.Sent()));
#pragma warning restore CA2000
    }

    private void WakeAt(DateTimeOffset due, DateTimeOffset now)
    {
        // Looked at anew in between: a share of nothing is due at the end of time, further than a timer goes.
        var wait = due < now + LongestLook ? due - now : LongestLook;
        _timer.Change(wait > TimeSpan.FromMilliseconds(1) ? wait : TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
    }
}
