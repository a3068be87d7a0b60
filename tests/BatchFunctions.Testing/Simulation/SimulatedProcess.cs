using BatchFunctions.Capacity;
using BatchFunctions.Upstream;

namespace BatchFunctions.Testing.Simulation;

/// <summary>A process: its share of the limit, its pace, and what it has seen.</summary>
internal sealed class SimulatedProcess(SimulatedTime time)
{
    public required string Name { get; init; }

    public FlightRecord Record { get; } = new(time);

    public UpstreamPace Pace { get; } = new(time);

    public int Share { get; set; }

    public int InFlight { get; set; }

    public double NextBeat { get; set; }
}
