namespace BatchFunctions.FunctionApp.Tests;

/// <summary>Every function of the API is called without a key.</summary>
public sealed class KeylessCallTests
{
    public static TheoryData<string> Names =>
    [
        .. Functions.Http.Where(function => function.Http!.Route!.StartsWith("v1/", StringComparison.Ordinal)).Select(function => function.Name),
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_function_of_the_api_asks_for_a_key_before_anything_else(string name)
    {
        await using var stage = await Stage.SetAsync();
        var request = stage.RequestFor(Functions.Named(name), default);
        request.Headers.Authorization = default;
        var seen = await stage.CallAsync(Functions.Named(name), request, default);
        Assert.StartsWith("401 application/json {\"error\":", seen, StringComparison.Ordinal);
        Assert.Empty(stage.Storage.Requests);
    }
}
