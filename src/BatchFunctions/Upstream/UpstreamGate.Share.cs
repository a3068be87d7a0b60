using BatchFunctions.Fleet;
using BatchFunctions.Telemetry;

namespace BatchFunctions.Upstream;

/// <content>The gate's side of the share among all processes: what there is to send, and what may be.</content>
internal sealed partial class UpstreamGate
{
    /// <summary>How long lines wait in storage of a process that has no share.</summary>
    private static readonly TimeSpan ShareWait = TimeSpan.FromSeconds(5);

    /// <summary>The most lines that all processes may have in flight: as it is set, or was last found; 0 while nothing is known.</summary>
    public int KnownLimit
    {
        get
        {
            lock (_lock)
            {
                return _fixedLimit ?? _share.Last?.Limit ?? 0;
            }
        }
    }

    /// <summary>What there is to measure now.</summary>
    public UpstreamReading Read()
    {
        lock (_lock)
        {
            var waiting = _waiters.Projects.SelectMany(static project => project.Batches
                .GroupBy(static batch => batch.Model)
                .Select(batches => new UpstreamWaiting(project.Name, batches.Key, batches.Sum(static batch => batch.Unsent))));
            return new(_share.Holds(_time.GetUtcNow()) ? _limit.Share : 0, _share.Last?.Limit, _inFlight, [.. waiting]);
        }
    }

    private ShareDemand Demand()
    {
        lock (_lock)
        {
            var demand = new ShareDemand(_inFlight, [.. _waiters.Projects.Select(static project => project.Demand)])
            {
                AwaySince = _breaker.Condition.AwaySince,
                AwayReason = _breaker.Condition.Reason,
                ThroughSince = _breaker.ThroughSince,
            };
            _told = demand.Lines;
            return demand;
        }
    }

    /// <returns>Whether the share is used no more, since there is nothing in flight, and nothing waits.</returns>
    private bool GiveUp()
    {
        lock (_lock)
        {
            if (!Demand().IsNothing)
            {
                return false;
            }

            _share.Drop();
            _limit.Share = _share.Last?.Lines ?? 0;
            return true;
        }
    }

    private void Granted(ShareGrant grant, long asked)
    {
        lock (_lock)
        {
            _share.Take(grant, asked);
            _limit.Share = grant.Lines;
            _rates.Share((double)grant.Lines / grant.Limit);
            _waiters.Weigh(grant.Parts);
            Grant();
        }
    }

    /// <summary>Asks for a share, or a larger one; lines that find none for long wait in storage, where another process finds them.</summary>
    private void Lack(DateTimeOffset now)
    {
        if (_share.IsStanding)
        {
            return;
        }

        if (!_share.Holds(now) || (_limit.Share < _share.Last!.Limit && _told <= _limit.Share))
        {
            _keeper.Wake();
        }

        if (_inFlight == 0 && _waiters.Oldest is { } oldest)
        {
            if (now - oldest.Since >= _breaker.LongestWait)
            {
                _waiters.PutOff(ShareWait, butOne: false, isAway: false, comesBack: false);
            }
            else
            {
                WakeAt(oldest.Since + _breaker.LongestWait, now);
            }
        }
    }
}
