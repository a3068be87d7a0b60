namespace BatchFunctions.Simulation.Fleets;

/// <summary>
/// What a fleet asks of storage, reckoned from its plan: so many requests for each instance, chunk in hand, checkpoint and so on, as counted in
/// small fleets. Each number is the one that comes nearest to what was counted, and none is negative.
/// </summary>
internal sealed class FleetModel
{
    private const int Rounds = 20_000;

    private readonly Dictionary<string, double[]> _requests;
    private readonly Dictionary<string, double[]> _busiest;

    /// <param name="counted">Fleets that were counted.</param>
    public FleetModel(IReadOnlyList<FleetResult> counted)
    {
        _requests = FleetUse.Places.ToDictionary(
            static place => place, place => Fit(counted, result => result.Requests.GetValueOrDefault(place)), StringComparer.Ordinal);
        _busiest = FleetUse.Tables.ToDictionary(
            static place => place, place => Fit(counted, result => result.Busiest.GetValueOrDefault(place)), StringComparer.Ordinal);
    }

    /// <summary>What the requests are counted for, in the order of <see cref="CausesOf"/>.</summary>
    public static IReadOnlyList<string> Causes { get; } =
        ["second", "instance", "instance at work", "chunk in hand", "batch on an instance", "checkpoint", "chunk ended", "batch ended", "batch swept", "batch counted"];

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
            _busiest.ToDictionary(static pair => pair.Key, pair => Of(pair.Value), StringComparer.Ordinal),
            plan.LinesPerSecond,
            plan.BatchesPerSecond,
            LostRaces: 0,
            Failures: 0);
    }

    private static double[] CausesOf(FleetPlan plan) =>
    [
        1,
        plan.Instances,
        plan.Working,
        plan.ChunksInHand,
        plan.Pairs,
        plan.CheckpointsPerSecond,
        plan.LinesPerSecond * plan.ChunksEach / plan.LinesEach,
        plan.BatchesPerSecond,
        plan.SweptPerSecond,

        // Each creation reads the rows of all batches that the project has.
        plan.BatchesPerSecond * plan.Batches,
    ];

    /// <summary>Least squares of what is off by comparison, by turns along each cause, none below nothing.</summary>
    private static double[] Fit(IReadOnlyList<FleetResult> counted, Func<FleetResult, double> of)
    {
        var values = counted.Select(of).ToArray();
        var causes = counted.Select(static result => CausesOf(result.Plan)).ToArray();
        var weights = values.Select(static value => 1 / Math.Max(value * value, 0.25)).ToArray();
        var each = new double[Causes.Count];
        for (var round = 0; round < Rounds; round++)
        {
            for (var cause = 0; cause < each.Length; cause++)
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
