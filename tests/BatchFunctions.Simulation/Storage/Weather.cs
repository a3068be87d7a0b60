using BatchFunctions.Simulation.Lives;
using BatchFunctions.Simulation.Time;
using BatchFunctions.StrictStorage.Chance;
using BatchFunctions.StrictStorage.Http;

namespace BatchFunctions.Simulation.Storage;

/// <summary>What happens to requests to storage on their way, as the seed decides; nothing does once the life has become calm.</summary>
internal sealed class Weather(LifePlan plan, Agenda agenda, bool isCalm = false)
{
    /// <summary>Longer than a request is waited for: it takes effect when its sender has given it up.</summary>
    private const double LongestDelay = 150;

    private readonly Dice _dice = new(plan.Seed, 2);

    private bool IsCalm => isCalm || agenda.Now >= plan.CalmAt;

    public StorageFate FateOf(StorageRequest request)
    {
        var before = _dice.Seconds(plan.FastestRequest, plan.SlowestRequest);
        var after = _dice.Seconds(plan.FastestRequest, plan.SlowestRequest);
        if (IsCalm)
        {
            return new StorageFate(StorageFault.None, before, after);
        }

        if (plan.Outages.FirstOrDefault(outage => outage.Covers(request.Service, agenda.Now)) is { } outage)
        {
            return outage.Fault == StorageFault.None
                ? new StorageFate(StorageFault.None, _dice.Seconds(1, LongestDelay), after)
                : new StorageFate(outage.Fault, before, after);
        }

        return _dice.Happens(plan.StorageFaults) ? Fault(before, after) : new StorageFate(StorageFault.None, before, after);
    }

    /// <summary>Whether an answer's body breaks off.</summary>
    public bool IsCutOff() => !IsCalm && _dice.Happens(plan.StorageFaults / 4);

    /// <summary>Whether a request that was on its way is lost with the process that sent it.</summary>
    public bool IsLostWithItsSender() => _dice.Happens(0.5);

    private StorageFate Fault(TimeSpan before, TimeSpan after) => _dice.Below(8) switch
    {
        0 => new StorageFate(StorageFault.RequestLost, before, after),
        1 or 2 => new StorageFate(StorageFault.AnswerLost, before, after),
        3 => new StorageFate(StorageFault.ServerBusy, before, after),
        4 => new StorageFate(StorageFault.Failed, before, after),
        5 => new StorageFate(StorageFault.TimedOut, before, after),
        6 => new StorageFate(StorageFault.None, _dice.Seconds(1, LongestDelay), after),
        _ => new StorageFate(StorageFault.None, before, _dice.Seconds(1, LongestDelay)),
    };
}

/// <summary>A time in which storage, or one of its services, does not do what it should.</summary>
/// <param name="Service">The service; null for all.</param>
/// <param name="From">When it begins.</param>
/// <param name="Until">When it is over.</param>
/// <param name="Fault">What becomes of each request; where it is nothing, each is late.</param>
internal sealed record Outage(string? Service, TimeSpan From, TimeSpan Until, StorageFault Fault)
{
    public bool Covers(string service, TimeSpan now) => (Service is null || Service == service) && From <= now && now < Until;
}
