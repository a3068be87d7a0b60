using System.Globalization;
using BatchFunctions.Protocol;

namespace BatchFunctions.Simulation.Running;

/// <summary>
/// Each step of the protocol is fatal once: the worker that comes to it dies there, and nothing else goes wrong. Lives of one seed after the other are lived until
/// one has come to the step. It tells on its standard output how it goes.
/// </summary>
internal static class StepDeaths
{
    /// <summary>The option that asks for it.</summary>
    public const string Option = "--deaths";

    public const string DiedMark = "died";
    public const string UnreachedMark = "unreached";

    /// <summary>Lives after which a step counts as one that none comes to.</summary>
    private const int MostLives = 100;

    /// <summary>
    /// What no client of a life does, or what comes hours behind the last fault. Tests of their own have a process die at each: ProjectErasureTests,
    /// RetryFamilyTests, ResultsWhileRunningTests, BatchIndexTests.
    /// </summary>
    private static readonly ProtocolStep[] Elsewhere =
    [
        ProtocolStep.ProjectKeysRevoked, ProtocolStep.ProjectBatchEnded, ProtocolStep.ProjectBlobRemoved, ProtocolStep.ProjectRowRemoved, ProtocolStep.ProjectErased,
        ProtocolStep.DeletedBatchRetryMoved, ProtocolStep.ChunksEndedByForce, ProtocolStep.BatchesIndexed, ProtocolStep.IndexMarkMoved,
    ];

    /// <summary>Seeds whose lives come to many steps, or to seldom ones, which saves a search and nothing else.</summary>
    private static readonly int[] Likely = [1, 19, 2, 39, 6, 7, 9, 15, 94];

    /// <summary>The steps, by their names.</summary>
    public static IReadOnlyList<string> Steps { get; } = [.. Enum.GetValues<ProtocolStep>().Except(Elsewhere).Select(step => step.ToString())];

    /// <summary>Runs it.</summary>
    /// <param name="share">Which of the steps: <c>1/2</c> is every second one from the second on. Empty for all.</param>
    /// <param name="output">Is told of each step, and of rules that were broken.</param>
    /// <returns>The exit code: 0 where each step was reached, and no rule was broken.</returns>
    public static async Task<int> RunAsync(string share, TextWriter output)
    {
        var numbers = (share.Length > 0 ? share : "0/1").Split('/').Select(number => int.Parse(number, CultureInfo.InvariantCulture)).ToArray();
        var hasFailed = false;
        for (var index = numbers[0]; index < Steps.Count; index += numbers[1])
        {
            hasFailed |= !await DieAtAsync(Steps[index], output);
        }

        return hasFailed ? 1 : 0;
    }

    /// <returns>Whether it was reached, and no rule was broken.</returns>
    private static async Task<bool> DieAtAsync(string step, TextWriter output)
    {
        foreach (var seed in Likely.Union(Enumerable.Range(1, MostLives)))
        {
            var life = await SingleLife.RunAsync(seed, fatal: step);
            foreach (var violation in life.Violations)
            {
                await output.WriteLineAsync($"{LivesPart.BrokenMark} {step} {seed} {violation.ReplaceLineEndings(" | ")}");
            }

            if (life.Violations.Count > 0 || life.Ambushes.FirstHasMet)
            {
                await output.WriteLineAsync($"{DiedMark} {step} {seed}");
                await output.FlushAsync();
                return life.Violations.Count == 0;
            }
        }

        await output.WriteLineAsync($"{UnreachedMark} {step} {MostLives}");
        return false;
    }
}
