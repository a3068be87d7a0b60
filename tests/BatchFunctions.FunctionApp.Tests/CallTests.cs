using Azure.Storage.Queues.Models;
using BatchFunctions.Processing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace BatchFunctions.FunctionApp.Tests;

/// <summary>
/// Every function is called, beside what the self-host calls for the same route, queue or timer: both answer the same and
/// ask storage for the same, in the same order.
/// </summary>
public sealed class CallTests
{
    private static readonly CancellationToken Cancelled = new(canceled: true);

    public static TheoryData<string> Names => [.. Functions.All.Select(function => function.Name)];

    public static TheoryData<string> NamesOfApi =>
    [
        .. Functions.Http.Where(function => function.Http!.Route!.StartsWith("v1/", StringComparison.Ordinal)).Select(function => function.Name),
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_function_does_what_the_self_host_does(string name)
    {
        var function = Functions.Named(name);
        Assert.Equal(InOrder(await CallOfSelfHostAsync(function, default)), InOrder(await CallAsync(function, default)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_function_hands_on_the_token_that_says_when_to_stop(string name)
    {
        var function = Functions.Named(name);
        Assert.Equal(
            WithoutQueries(await CallOfSelfHostAsync(function, Cancelled)),
            WithoutQueries(await CallAsync(function, Cancelled)));
    }

    /// <summary>Without this the comparisons above would not notice a function that calls its neighbour's handler.</summary>
    [Fact]
    public async Task The_calls_tell_each_function_from_every_other()
    {
        var calls = new List<(string Name, string Seen)>();
        foreach (var function in Functions.All)
        {
            calls.Add((function.Name, await CallAsync(function, default)));
        }

        Assert.All(calls.GroupBy(call => call.Seen), alike => Assert.Single(alike));
    }

    [Theory]
    [MemberData(nameof(NamesOfApi))]
    public async Task A_function_of_the_api_asks_for_a_key_before_anything_else(string name)
    {
        await using var stage = await Stage.SetAsync();
        var request = stage.RequestFor(Functions.Named(name), default);
        request.Headers.Authorization = default;
        var seen = await stage.CallAsync(Functions.Named(name), request, default);
        Assert.StartsWith("401 application/json {\"error\":", seen, StringComparison.Ordinal);
        Assert.Empty(stage.Storage.Requests);
    }

    /// <summary>What was seen, line by line: of requests that go side by side either may be the first.</summary>
    private static IEnumerable<string> InOrder(string seen) => seen.Split('\n').Order(StringComparer.Ordinal);

    private static async Task<string> CallAsync(Function function, CancellationToken ct)
    {
        await using var stage = await Stage.SetAsync();
        return await stage.CallAsync(function, stage.TriggerOf(function, ct), ct);
    }

    private static async Task<string> CallOfSelfHostAsync(Function function, CancellationToken ct)
    {
        await using var stage = await Stage.SetAsync();
        var jobs = stage.Services.GetRequiredService<BatchJobs>();
        return await stage.SeeAsync(stage.TriggerOf(function, ct), trigger => trigger switch
        {
            HttpRequest request => new SelfHostRoutes(stage.Services).AnswerAsync(function.Http!.Route!, request),
            QueueMessage message => jobs.Handlers[function.Queue!.QueueName](message, ct),
            _ => jobs.SweepTimerAsync(ct),
        });
    }

    /// <summary>A look at what is there may be shared with others who ask, and then goes on without the one who left.</summary>
    private static string WithoutQueries(string seen) =>
        string.Join('\n', seen.Split('\n').Where(line => !(line.StartsWith("GET /table", StringComparison.Ordinal) && line.Contains("()", StringComparison.Ordinal))));
}
