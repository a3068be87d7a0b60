namespace BatchFunctions.FunctionApp.Tests;

/// <summary>Every function is called with a token that says to stop, beside what the self-host calls.</summary>
public sealed class CancelledCallTests
{
    private static readonly CancellationToken Cancelled = new(canceled: true);

    public static TheoryData<string> Names => CallTests.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_function_hands_on_the_token_that_says_when_to_stop(string name)
    {
        var function = Functions.Named(name);
        Assert.Equal(
            WithoutQueries(await Calls.BySelfHostAsync(function, Cancelled)),
            WithoutQueries(await Calls.ByAppAsync(function, Cancelled)));
    }

    /// <summary>A look at what is there may be shared with others who ask, and then goes on without the one who left.</summary>
    private static string WithoutQueries(string seen) =>
        string.Join('\n', seen.Split('\n').Where(line => !(line.StartsWith("GET /table", StringComparison.Ordinal) && line.Contains("()", StringComparison.Ordinal))));
}
