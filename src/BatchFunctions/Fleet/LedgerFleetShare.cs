using BatchFunctions.Capacity;
using BatchFunctions.Configuration;
using BatchFunctions.Ids;

namespace BatchFunctions.Fleet;

/// <summary>
/// The process's share of an upstream by way of its ledger in storage. Each renewal reads the ledger and writes it under its ETag; if another
/// was faster it is read again. Where the limit finds itself, whoever renews lets the rule decide.
/// </summary>
internal sealed class LedgerFleetShare(
    ShareStore store, FlightRecord flight, UpstreamSettings upstream, Random? random = null) : FleetShare
{
    private readonly AutoLimit _auto = new();
    private readonly string _worker = WorkerIdentity.Own.NewClaim(random);

    /// <inheritdoc/>
    public override async Task<ShareGrant> RenewAsync(ShareDemand demand, CancellationToken ct)
    {
        ShareGrant? grant = null;
        await store.MutateAsync(
            upstream.Name,
            (ledger, now) =>
            {
                var living = ledger.Living(now, WorkerIdentity.Own.KnowsDead);
                var seen = flight.Summary();
                var limit = upstream.Options.FixedConcurrency ?? Decide(ref living, seen, now);
                (var after, grant) = living.Renew(_worker, demand, seen, limit, now);
                return after;
            },
            ct);
        flight.Enter(grant!.Trial);
        return grant;
    }

    /// <inheritdoc/>
    public override Task ReleaseAsync(CancellationToken ct) => store.MutateAsync(
        upstream.Name,
        (ledger, _) => ledger.Entries.Any(entry => entry.Worker == _worker) ? ledger.Without(_worker) : null,
        ct);

    private int Decide(ref ShareLedger ledger, FlightSummary seen, DateTimeOffset now)
    {
        var told = ledger.Without(_worker).Entries.Select(static entry => entry.Flight).OfType<FlightSummary>().Append(seen).ToList();
        var next = _auto.Next(ledger.Auto, FleetFlight.Of(ledger.Auto?.Trial ?? 0, told), now);
        ledger = ledger with { Auto = next };
        return next.Limit;
    }
}
