using BatchFunctions.Storage;

namespace BatchFunctions.Simulation.Fleets;

/// <summary>
/// What a fleet asks of storage, reckoned from its plan: so many requests for each instance, chunk in hand, checkpoint and so on, as counted in
/// small fleets. Each number is the one that comes nearest to what was counted, and none is negative.
/// </summary>
internal sealed class FleetModel
{
    private const int Rounds = 5_000;

    private readonly Dictionary<string, double[]> _requests;
    private readonly Dictionary<string, double[]> _busiest;

    /// <param name="counted">Fleets that were counted.</param>
    public FleetModel(IReadOnlyList<FleetResult> counted)
    {
        _requests = FleetUse.Places.ToDictionary(
            static place => place, place => Fit(place, counted, result => result.Requests.GetValueOrDefault(place)), StringComparer.Ordinal);
        _busiest = FleetUse.Tables.ToDictionary(
            static place => place, place => Fit(place, counted, result => result.Busiest.GetValueOrDefault(place)), StringComparer.Ordinal);
    }

    /// <summary>What the requests are counted for, and how often a second each of it happens.</summary>
    public static IReadOnlyList<(string Name, Func<FleetPlan, double> Times)> Causes { get; } =
    [
        ("second", static _ => 1),
        ("instance", static plan => plan.Instances),
        ("instance that asks for chunks", static plan => plan.AskingForChunks),
        ("instance at work", static plan => plan.Working),
        ("batch on an instance", static plan => plan.Pairs),
        ("checkpoint", static plan => plan.CheckpointsPerSecond),
        ("claim renewed", static plan => plan.ClaimsRenewedPerSecond),
        ("advance", static plan => plan.AdvancesPerSecond),
        ("chunk", static plan => plan.ChunksPerSecond),
        ("batch", static plan => plan.BatchesPerSecond),
        ("batch swept", static plan => plan.SweptPerSecond),
        ("row counted", static plan => plan.RowsCountedPerSecond),
    ];

    /// <summary>Requests for each of the causes, by place.</summary>
    public IReadOnlyDictionary<string, double[]> Requests => _requests;

    /// <summary>What a fleet asks of storage.</summary>
    public FleetResult Of(FleetPlan plan)
    {
        var causes = CausesOf(plan);
        double Of(double[] each) => each.Zip(causes, static (one, times) => one * times).Sum();
        return new FleetResult(
            plan,
            _requests.ToDictionary(static pair => pair.Key, pair => Of(pair.Value), StringComparer.Ordinal),
            _busiest.ToDictionary(
                static pair => pair.Key,
                pair => Of(pair.Value) / (pair.Key is TableNames.Pending or TableNames.Fleet ? 1 : plan.Projects),
                StringComparer.Ordinal),
            plan.LinesPerSecond,
            plan.BatchesPerSecond,
            LostRaces: 0,
            Failures: 0);
    }

    private static double[] CausesOf(FleetPlan plan) => [.. Causes.Select(cause => cause.Times(plan))];

    /// <summary>
    /// Whether a cause may ask anything of a place. What polls is known, and causes that grow together in small fleets would else be taken for
    /// each other.
    /// </summary>
    private static bool Asks(string cause, string place) => (place, cause) switch
    {
        (QueueNames.Steps, "instance that asks for chunks" or "instance at work" or "batch on an instance" or "row counted") => false,
        (QueueNames.Chunk, "second" or "instance that asks for chunks" or "chunk") => true,
        (TableNames.Fleet, "second" or "instance at work") => true,
        (QueueNames.Chunk or TableNames.Fleet, _) => false,
        (FleetUse.Blobs or TableNames.Batches, "claim renewed" or "batch swept") => false,
        (_, "instance" or "instance that asks for chunks") => place == QueueNames.Steps,
        (_, "batch on an instance") => place == TableNames.Batches,
        (_, "row counted") => place == TableNames.ActiveBatches,
        _ => true,
    };

    /// <summary>Least squares of what is off by comparison, by turns along each cause, none below nothing.</summary>
    private static double[] Fit(string place, IReadOnlyList<FleetResult> counted, Func<FleetResult, double> of)
    {
        var values = counted.Select(of).ToArray();
        var causes = counted.Select(static result => CausesOf(result.Plan)).ToArray();
        var weights = values.Select(static value => 1 / Math.Max(value * value, 0.25)).ToArray();
        var each = new double[Causes.Count];
        var asking = Enumerable.Range(0, each.Length).Where(cause => Asks(Causes[cause].Name, place)).ToArray();
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var cause in asking)
            {
                var (top, bottom) = (0d, 0d);
                for (var run = 0; run < values.Length; run++)
                {
                    var others = 0d;
                    for (var other = 0; other < each.Length; other++)
                    {
                        others += other == cause ? 0 : each[other] * causes[run][other];
                    }

                    top += weights[run] * causes[run][cause] * (values[run] - others);
                    bottom += weights[run] * causes[run][cause] * causes[run][cause];
                }

                each[cause] = Math.Max(0, top / bottom);
            }
        }

        return each;
    }
}
