using BatchFunctions.Capacity;

namespace BatchFunctions.Testing.Simulation;

/// <summary>A line.</summary>
/// <param name="work">How many seconds it takes alone.</param>
internal sealed class SimulatedLine(double work)
{
    public double Work { get; } = work;

    public long Tokens { get; init; }

    public long Bytes { get; init; }

    /// <summary>Which process sent it.</summary>
    public int Process { get; set; }

    public double Sent { get; set; }

    public LineFlight? Flight { get; set; }
}
