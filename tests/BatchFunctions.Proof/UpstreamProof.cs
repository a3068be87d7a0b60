using BatchFunctions.Proof.Upstream;

namespace BatchFunctions.Proof;

/// <summary>
/// The upstream is rough: it loads, restarts, limits, overloads, breaks off, and some lines are at fault themselves. Only those
/// may fail, and the batch goes at the pace that the upstream allows.
/// </summary>
internal static class UpstreamProof
{
    /// <summary>The first argument; names of scenarios may follow.</summary>
    public const string Command = "upstream";

    /// <summary>Error lines of a scenario that are shown.</summary>
    private const int ErrorsShown = 2;

    /// <summary>Runs scenarios and prints a row of each.</summary>
    /// <param name="names">Which; all where none is named.</param>
    /// <returns>How many promises were broken.</returns>
    public static async Task<int> RunAsync(IReadOnlyCollection<string> names)
    {
        RoughScenario[] scenarios = [.. RoughScenarios.All.Where(scenario => names.Count == 0 || names.Contains(scenario.Name))];
        if (scenarios.Length == 0)
        {
            Console.WriteLine($"There are these scenarios: {string.Join(", ", RoughScenarios.All.Select(scenario => scenario.Name))}.");
            return 1;
        }

        var broken = 0;
        Console.WriteLine(RoughRun.Head);
        foreach (var scenario in scenarios)
        {
            var run = await RoughRun.RunAsync(scenario);
            Console.WriteLine(run);
            foreach (var error in run.Errors.Take(ErrorsShown))
            {
                Console.WriteLine($"  {error}");
            }

            foreach (var violation in run.Violations())
            {
                broken++;
                Console.WriteLine($"VIOLATION {violation}");
            }
        }

        return broken;
    }
}
