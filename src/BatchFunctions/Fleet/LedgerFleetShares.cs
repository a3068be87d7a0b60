using BatchFunctions.Capacity;
using BatchFunctions.Configuration;

namespace BatchFunctions.Fleet;

/// <summary>The process's shares by way of ledgers in storage, a row for each upstream.</summary>
internal sealed class LedgerFleetShares(ShareStore store, Random? random = null) : FleetShares
{
    /// <inheritdoc/>
    public override FleetShare Of(UpstreamSettings upstream, FlightRecord flight) => new LedgerFleetShare(store, flight, upstream, random);
}
