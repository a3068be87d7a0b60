using BatchFunctions.Capacity;
using BatchFunctions.Configuration;
using BatchFunctions.Fleet;

namespace BatchFunctions.Tests.Upstream;

/// <summary>Shares of upstreams whose number of lines is set: all of it, or a test's own.</summary>
internal sealed class LoneShares(FleetShare? own = null) : FleetShares
{
    public override FleetShare Of(UpstreamSettings upstream, FlightRecord flight) =>
        own ?? new LoneShare(upstream.Options.FixedConcurrency!.Value);
}
