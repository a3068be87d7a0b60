namespace BatchFunctions.FunctionApp.Tests;

/// <summary>
/// Every function is called, beside what the self-host calls for the same route, queue or timer: both answer the same and
/// ask storage for the same, in the same order.
/// </summary>
public sealed class CallTests
{
    public static TheoryData<string> Names => [.. Functions.All.Select(function => function.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_function_does_what_the_self_host_does(string name)
    {
        var function = Functions.Named(name);
        Assert.Equal(InOrder(await Calls.BySelfHostAsync(function, default)), InOrder(await Calls.ByAppAsync(function, default)));
    }

    /// <summary>Without this the comparisons above would not notice a function that calls its neighbour's handler.</summary>
    [Fact]
    public async Task The_calls_tell_each_function_from_every_other()
    {
        var calls = new List<(string Name, string Seen)>();
        foreach (var function in Functions.All)
        {
            calls.Add((function.Name, await Calls.ByAppAsync(function, default)));
        }

        Assert.All(calls.GroupBy(call => call.Seen), alike => Assert.Single(alike));
    }

    /// <summary>What was seen, line by line: of requests that go side by side either may be the first.</summary>
    private static IEnumerable<string> InOrder(string seen) => seen.Split('\n').Order(StringComparer.Ordinal);
}
