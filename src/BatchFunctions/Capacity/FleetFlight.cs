namespace BatchFunctions.Capacity;

/// <summary>What all processes together have seen of the present trial.</summary>
/// <param name="Seen">The sum of what they have told of it.</param>
/// <param name="InFlight">Lines in flight, of whichever trial.</param>
/// <param name="Met">The same on average, as those of the trial have met them.</param>
/// <param name="Processes">Processes that have lines in flight.</param>
/// <param name="AreAllIn">Whether all of those that have lines in flight have told of this trial.</param>
internal sealed record FleetFlight(FlightSummary Seen, int InFlight, double Met, int Processes, bool AreAllIn)
{
    /// <summary>Adds up what processes have told.</summary>
    /// <param name="trial">The present trial.</param>
    /// <param name="told">Each process's latest summary, of this trial or an earlier one.</param>
    public static FleetFlight Of(int trial, IReadOnlyCollection<FlightSummary> told) => new(
        told.Where(one => one.Trial == trial).Aggregate(FlightSummary.Empty, (sum, one) => sum.Plus(one)),
        told.Sum(one => one.InFlight),
        told.Sum(one => one.Trial == trial && one.Met > 0 ? one.Met : one.InFlight),
        told.Count(one => one.InFlight > 0),
        told.All(one => one.Trial == trial || one.InFlight == 0));
}
