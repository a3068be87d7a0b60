using BatchFunctions.Capacity;
using BatchFunctions.Configuration;

namespace BatchFunctions.Fleet;

/// <summary>This process's shares of the upstreams, each by itself.</summary>
internal abstract class FleetShares
{
    /// <summary>The share of one upstream.</summary>
    /// <param name="upstream">The upstream.</param>
    /// <param name="flight">What the process sees of its lines in flight there.</param>
    public abstract FleetShare Of(UpstreamSettings upstream, FlightRecord flight);
}
