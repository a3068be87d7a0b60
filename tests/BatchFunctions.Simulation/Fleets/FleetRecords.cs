using System.Text.Json;

namespace BatchFunctions.Simulation.Fleets;

/// <summary>Fleets that have been simulated, a line of JSON each: what stands in the file is not simulated again.</summary>
/// <param name="path">The file; null where nothing is kept.</param>
internal sealed class FleetRecords(string? path)
{
    private readonly Dictionary<FleetPlan, FleetResult> _kept = path is not null && File.Exists(path)
        ? File.ReadLines(path).Select(static line => JsonSerializer.Deserialize<FleetResult>(line)!).GroupBy(static result => result.Plan).ToDictionary(static group => group.Key, static group => group.Last())
        : [];

    /// <summary>What was counted of a fleet; null where it has not been simulated.</summary>
    public FleetResult? Find(FleetPlan plan) => _kept.GetValueOrDefault(plan);

    /// <summary>Keeps what was counted.</summary>
    public void Add(FleetResult result)
    {
        if (path is not null)
        {
            File.AppendAllText(path, JsonSerializer.Serialize(result) + "\n");
        }
    }
}
