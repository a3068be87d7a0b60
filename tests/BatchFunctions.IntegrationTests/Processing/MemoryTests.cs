using BatchFunctions.Batches;
using BatchFunctions.Memory;
using BatchFunctions.Testing;
using BatchFunctions.Upstream;
using Microsoft.Extensions.DependencyInjection;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>A process whose memory is small, or runs out: it takes longer, and nothing is lost.</summary>
public sealed class MemoryTests
{
    [Fact]
    public async Task Answers_that_are_larger_than_the_budget_come_one_after_the_other_and_each_line_is_called_once()
    {
        await using var upstream = await new ScriptedUpstream().Answer(_ => ScriptedAnswer.OfSize(3_000_000)).StartAsync();
        await using var driver = await BatchDriver.StartAsync(
            TestStorage.NewStrictAccount(),
            upstream.Address,
            new Dictionary<string, string?> { ["Batch:MemoryBytes"] = "1048576", ["Batch:Lease"] = "00:05:00" });

        var ended = await driver.RunToEndAsync(await driver.CreateAsync(24));

        Assert.Equal(BatchStatus.Completed, ended.Status);
        await driver.AssertPromiseAsync(ended, 24);
        Assert.All(upstream.CallsByMarker, calls => Assert.Equal(1, calls.Value));
        Assert.Equal((0, 0), (driver.Get<ByteBudget>().Used, driver.Get<ByteBudget>().Waiting));
    }

    [Fact]
    public async Task When_memory_runs_out_what_was_answered_is_committed_and_less_is_held_from_then_on()
    {
        await using var upstream = await new ScriptedUpstream().StartAsync();
        await using var driver = await BatchDriver.StartAsync(
            TestStorage.NewStrictAccount(),
            upstream.Address,
            new Dictionary<string, string?> { ["Batch:Lease"] = "00:05:00", ["Batch:Upstream:Concurrency"] = "1" },
            services => services.AddHttpClient(UpstreamConnection.HttpClientName).AddHttpMessageHandler(() => new Exhausted(call: 10)));
        var before = driver.Get<ByteBudget>().Total;

        var ended = await driver.RunToEndAsync(await driver.CreateAsync(20));

        Assert.Equal(BatchStatus.Completed, ended.Status);
        await driver.AssertPromiseAsync(ended, 20);
        Assert.All(upstream.CallsByMarker, calls => Assert.Equal(1, calls.Value));
        Assert.Equal(before / 2, driver.Get<ByteBudget>().Total);
        Assert.Empty(driver.Faults);
    }

    /// <summary>Has no memory left at one of its calls.</summary>
    private sealed class Exhausted(int call) : DelegatingHandler
    {
        private int _calls;

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
#pragma warning disable CA2201 // It stands for the runtime.
            Interlocked.Increment(ref _calls) == call ? throw new OutOfMemoryException() : base.SendAsync(request, cancellationToken);
#pragma warning restore CA2201
    }
}
