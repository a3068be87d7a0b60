namespace BatchFunctions.Testing.Simulation;

/// <summary>Half a second of a simulation.</summary>
/// <param name="At">When it ended.</param>
/// <param name="Limit">The limit.</param>
/// <param name="InFlight">The most lines in flight.</param>
/// <param name="Work">The work done.</param>
/// <param name="Best">What the best fixed number would have got done.</param>
/// <param name="Knee">The upstream's knee.</param>
/// <param name="Sent">Lines sent.</param>
/// <param name="Refused">Lines refused.</param>
internal readonly record struct SimulationSample(
    double At, int Limit, int InFlight, double Work, double Best, double Knee, int Sent, int Refused);

/// <summary>What came of a simulation.</summary>
internal sealed class SimulationResult(IReadOnlyList<SimulationSample> samples)
{
    public IReadOnlyList<SimulationSample> Samples => samples;

    /// <summary>The work done between two seconds, over what the best fixed number would have got done.</summary>
    public double Throughput(double from, double to) => Within(from, to).Sum(one => one.Work) / Within(from, to).Sum(one => one.Best);

    /// <summary>The most lines in flight between two seconds, over the knee.</summary>
    public double MostOverKnee(double from, double to) => Within(from, to).Max(one => one.InFlight / one.Knee);

    /// <summary>Which share of the lines sent between two seconds was refused.</summary>
    public double Refused(double from, double to) => (double)Within(from, to).Sum(one => one.Refused) / Within(from, to).Sum(one => one.Sent);

    private IEnumerable<SimulationSample> Within(double from, double to) => samples.Where(one => one.At > from && one.At <= to);
}
