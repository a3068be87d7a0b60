using BatchFunctions.Simulation.Running;

namespace BatchFunctions.Simulation.Tests;

/// <summary>
/// Lives of the service in simulated time, each of a seed, run by the program beside the tests.
/// What is broken is told with its seed; <c>dotnet run -c Release --project tests/BatchFunctions.Simulation -- --seed N</c> shows the life.
/// </summary>
public sealed class LivesTests
{
    private const int Lives = 10_000;

    /// <summary>Processor time of each process: however much the machine has to do beside, as many lives are lived.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task No_rule_is_broken_in_many_lives()
    {
        var result = await ManyLives.RunAsync(1, Lives, Limit, Environment.ProcessorCount, untilBroken: false, output: null, SimulationProgram.Place);

        Assert.Empty(result.Broken);
        Assert.True(result.Lives > 0, result.ToString());
    }

    [Fact]
    public async Task No_rule_is_broken_in_the_lives_that_are_kept()
    {
        var result = await ManyLives.RunKeptAsync(TimeSpan.FromMinutes(5), Environment.ProcessorCount, output: null, SimulationProgram.Place);

        Assert.Empty(result.Broken);
        Assert.Equal(ManyLives.Kept.Count, result.Lives);
    }

    [Fact]
    public async Task No_rule_is_broken_where_a_worker_dies_at_any_step_of_the_protocol()
    {
        var processes = Environment.ProcessorCount;
        var told = string.Concat(await Task.WhenAll(Enumerable.Range(0, processes).Select(process => SimulationProgram.RunAsync(StepDeaths.Option, $"{process}/{processes}"))))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);

        // A step that no life came to, or a broken rule, has another beginning.
        Assert.Equal(
            StepDeaths.Steps.Select(step => $"{StepDeaths.DiedMark} {step}").Order(StringComparer.Ordinal),
            told.Select(line => line[..line.LastIndexOf(' ')]).Order(StringComparer.Ordinal));
    }

    /// <summary>The other version is this one: what is tried is that two can be at work in one life, each in its own way to storage.</summary>
    [Fact]
    public async Task Two_versions_work_side_by_side_until_the_upgrade_is_through()
    {
        var result = await ManyLives.RunAsync(1, 20, Limit, Environment.ProcessorCount, untilBroken: false, output: null, SimulationProgram.Place, AppContext.BaseDirectory);

        Assert.Empty(result.Broken);
        Assert.True(result.Lives > 0, result.ToString());
        var trace = await TraceAsync(7, Commands.Beside, AppContext.BaseDirectory);
        Assert.Contains("starts in the other version", trace, StringComparison.Ordinal);
        Assert.Contains("shuts down", trace, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(92)]
    public async Task A_seed_has_one_life(int seed)
    {
        var traces = await Task.WhenAll(TraceAsync(seed), TraceAsync(seed));

        Assert.Equal(traces[0], traces[1]);
    }

    private static Task<string> TraceAsync(int seed, params string[] options) => SimulationProgram.RunAsync(["--seed", $"{seed}", .. options]);
}
