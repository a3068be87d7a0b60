using BatchFunctions.Simulation.Lives;
using BatchFunctions.Simulation.Running;

namespace BatchFunctions.Simulation.Tests;

/// <summary>The list of guards that the long command takes away still fits the sources.</summary>
public sealed class MutationTests
{
    public static TheoryData<string> Names => [.. Mutation.All.Select(mutation => mutation.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_text_that_is_taken_away_stands_once_in_its_file(string name)
    {
        var mutation = Mutation.All.Single(mutation => mutation.Name == name);

        var text = File.ReadAllText(Path.Combine(MutationRun.Repository, mutation.File));

        Assert.NotEmpty(mutation.Changes);
        Assert.All(mutation.CountIn(text), count => Assert.Equal(1, count));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_lives_are_about_that_are_to_find_it_is_among_them(string name)
    {
        if (Mutation.All.Single(mutation => mutation.Name == name).Scenario is { } scenario)
        {
            Assert.Equal(scenario, new LifePlan(Scenarios.FirstOf(scenario)).About);
            Assert.Equal(scenario, new LifePlan(Scenarios.FirstOf(scenario) + (3 * Scenarios.Step)).About);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_test_that_is_to_find_it_is_there(string name)
    {
        if (Mutation.All.Single(mutation => mutation.Name == name).Test is { } test)
        {
            var parts = test.Name.Split('.');
            var file = Directory.GetFiles(Path.Combine(MutationRun.Repository, test.Project), $"{parts[0]}.cs", SearchOption.AllDirectories).Single();

            Assert.Contains($" {parts[1]}(", File.ReadAllText(file), StringComparison.Ordinal);
        }
    }
}
