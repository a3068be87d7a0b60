using Azure.Core.Pipeline;
using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Processing;
using BatchFunctions.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>Storage that takes its time, or takes some blocks and not others: what was answered is put away once.</summary>
public sealed class SlowStorageTests
{
    private readonly BlockStorage _blocks = new();

    [Fact]
    public async Task A_claim_is_kept_while_its_block_takes_longer_than_the_lease()
    {
        await using var upstream = await new ScriptedUpstream().StartAsync();
        await using var driver = await StartAsync(upstream, lease: "00:00:01");
        var batch = await driver.CreateAsync(120);
        await driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);
        _blocks.Hold();
        var run = driver.Get<ChunkWork>().RunAsync(batch.Key, 0, CancellationToken.None);
        await Eventually.UntilAsync(() => _blocks.IsHolding, "a block is on its way");
        async Task<Chunk> ReadAsync() => (await driver.Chunks.FindAsync(batch.Id, 0, CancellationToken.None))!;
        var until = (await ReadAsync()).LeaseUntil!.Value;
        await Eventually.UntilAsync(
            async () => (await ReadAsync()).LeaseUntil > until + TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(60), "the lease is renewed twice");

        // A copy of its message finds it held.
        await driver.Get<ChunkWork>().RunAsync(batch.Key, 0, CancellationToken.None);
        Assert.Equal((1, false), ((await ReadAsync()).Epoch, run.IsCompleted));

        _blocks.Release();
        await run;
        Assert.Equal((1, true), ((await ReadAsync()).Epoch, (await ReadAsync()).Ended));
        await driver.AssertPromiseAsync(await driver.RunToEndAsync(await driver.ReadAsync(batch)), 120);
        Assert.All(upstream.CallsByMarker, calls => Assert.Equal(1, calls.Value));
    }

    [Fact]
    public async Task A_checkpoint_that_fails_at_one_of_its_blocks_goes_on_with_that_block()
    {
        await using var upstream = await new ScriptedUpstream().Answer(_ => ScriptedAnswer.OfSize(1_000_000)).StartAsync();
        await using var driver = await StartAsync(upstream, lease: "00:05:00");

        // Four tries of the SDK's own.
        _blocks.Refuse(block: 2, tries: 4);
        var ended = await driver.RunToEndAsync(await driver.CreateAsync(20));

        Assert.Equal(BatchStatus.Completed, ended.Status);
        await driver.AssertPromiseAsync(ended, 20);
        Assert.Equal(4, _blocks.Refusals);
        Assert.True(_blocks.Staged.Count >= 5, $"{_blocks.Staged.Count} blocks are few for 20 MB.");
        Assert.All(_blocks.Staged, block => Assert.Equal(1, block.Value));
        Assert.All(upstream.CallsByMarker, calls => Assert.Equal(1, calls.Value));
        Assert.Empty(driver.Faults);
    }

    private Task<BatchDriver> StartAsync(ScriptedUpstream upstream, string lease) => BatchDriver.StartAsync(
        TestStorage.NewStrictAccount(),
        upstream.Address,
        new Dictionary<string, string?> { ["Batch:Lease"] = lease },
        services => services.AddSingleton<HttpPipelinePolicy>(_blocks));
}
