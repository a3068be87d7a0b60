using BatchFunctions.Capacity;
using BatchFunctions.Upstream;

namespace BatchFunctions.Testing.Simulation;

/// <summary>A process: its share of the limit, its pace, and what it has seen.</summary>
internal sealed class SimulatedProcess(SimulatedTime time)
{
    public FlightRecord Record { get; } = new(time);

    public UpstreamPace Pace { get; } = new(time);

    public int Share { get; set; }

    public int InFlight { get; set; }

    /// <summary>What it last wrote into the fleet's row.</summary>
    public FlightSummary Told { get; set; } = FlightSummary.Empty;

    /// <summary>What of the limit it held when it last wrote.</summary>
    public int Held { get; set; }

    public double NextBeat { get; set; }
}
