using BatchFunctions.Batches;
using BatchFunctions.Processing;
using BatchFunctions.Storage;
using BatchFunctions.Testing;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>How much of a batch is on the queue at once.</summary>
public sealed class ChunkWindowTests
{
    private const int Window = 3;

    private static readonly Dictionary<string, string?> Small = new()
    {
        ["Batch:ChunkLines"] = "10",
        ["Batch:ChunkWindow"] = "3",
        ["Batch:Upstream:Concurrency"] = "4",
    };

    [Fact]
    public async Task A_batch_has_no_more_messages_than_its_window_and_each_chunk_that_ends_sends_one()
    {
        await using var upstream = await new ScriptedUpstream().StartAsync();
        await using var driver = await BatchDriver.StartAsync(TestStorage.NewStrictAccount(), upstream.Address, Small);
        var batch = await driver.CreateAsync(120);

        await driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);

        Assert.Equal(Window, await driver.WaitingAsync(QueueNames.Chunk));
        Assert.Equal((12, Window), ((await driver.ReadAsync(batch)).ChunkCount!.Value, (await driver.ReadAsync(batch)).ChunkWindow!.Value));

        // Its own message would send the first three once more.
        await driver.ClearAsync(QueueNames.Steps);
        driver.Sent.Forget();
        var ended = await driver.RunToEndAsync(batch);

        Assert.Equal(BatchStatus.Completed, ended.Status);
        Assert.Equal(12 - Window, driver.Sent.Of(Wakeups.BatchMessageKind.Chunk));
        await driver.AssertPromiseAsync(ended, 120);
    }

    [Fact]
    public async Task A_validation_that_comes_again_sends_only_what_is_due()
    {
        await using var upstream = await new ScriptedUpstream().StartAsync();
        await using var driver = await BatchDriver.StartAsync(TestStorage.NewStrictAccount(), upstream.Address, Small);
        var batch = await driver.CreateAsync(120);
        await driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);
        await driver.Get<ChunkWork>().RunAsync(batch.Key, 1, CancellationToken.None);
        await driver.ClearAsync(QueueNames.Chunk);

        await driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);

        // 0 and 2 of the first window, and 4, which follows 1.
        Assert.Equal(3, await driver.WaitingAsync(QueueNames.Chunk));
    }

    [Fact]
    public async Task A_batch_that_begins_beside_others_has_a_smaller_window()
    {
        await using var upstream = await new ScriptedUpstream().StartAsync();
        await using var driver = await BatchDriver.StartAsync(
            TestStorage.NewStrictAccount(), upstream.Address, new Dictionary<string, string?>(Small) { ["Batch:ChunkWindow"] = "12" });
        for (var other = 0; other < 3; other++)
        {
            await driver.CreateAsync(120);
        }

        var batch = await driver.CreateAsync(120);
        await driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);

        Assert.Equal(3, (await driver.ReadAsync(batch)).ChunkWindow);
    }

    [Fact]
    public async Task A_chunk_that_waits_for_an_hour_keeps_its_next_no_longer_than_a_sweep()
    {
        await using var upstream = await new ScriptedUpstream()
            .Answer(call => call.Marker == "m0" ? ScriptedAnswer.Error(429).RetryAfter(3600) : ScriptedAnswer.Chat(call))
            .StartAsync();
        await using var driver = await BatchDriver.StartAsync(
            TestStorage.NewStrictAccount(), upstream.Address, new Dictionary<string, string?>(Small) { ["Batch:ChunkWindow"] = "2" });
        var batch = await driver.CreateAsync(60);
        driver.StartPump();

        var seen = await driver.WaitForAsync(batch, current => current.Counts.Completed == 59, "all but the line that waits are answered");

        Assert.Equal(BatchStatus.InProgress, seen.Status);
    }
}
