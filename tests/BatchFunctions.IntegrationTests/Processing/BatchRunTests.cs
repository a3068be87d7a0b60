using BatchFunctions.Batches;
using BatchFunctions.Testing;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>Batches that go through, are cancelled, or run out of time.</summary>
public class BatchRunTests
{
    /// <summary>An account of the storage that all this is run against.</summary>
    protected virtual string NewAccount() => TestStorage.NewStrictAccount();

    [Fact]
    public async Task A_thousand_lines_of_which_thirty_are_refused_are_each_there_once()
    {
        await using var upstream = await new ScriptedUpstream()
            .Answer(call => int.Parse(call.Marker[1..], null) % 33 == 32
                ? ScriptedAnswer.Error(400)
                : ScriptedAnswer.Chat(call))
            .StartAsync();
        await using var driver = await BatchDriver.StartAsync(
            NewAccount(), upstream.Address, new Dictionary<string, string?> { ["Batch:Lease"] = "00:05:00" });
        var ended = await driver.RunToEndAsync(await driver.CreateAsync(1000));
        Assert.Empty(driver.Faults);
        Assert.Equal(BatchStatus.Completed, ended.Status);
        Assert.Equal(new RequestCounts(1000, 970, 30), ended.Counts);
        var (output, error) = await driver.AssertPromiseAsync(ended, 1000);
        Assert.Equal(970, output.Count);
        Assert.All(error, line => Assert.Equal(400, line.GetProperty("response").GetProperty("status_code").GetInt32()));
        Assert.All(upstream.CallsByMarker, calls => Assert.Equal(1, calls.Value));
        Assert.True(ended.Usage.Total > 0);
    }

    [Fact]
    public async Task A_cancelled_batch_keeps_what_was_done_and_names_the_rest()
    {
        await using var upstream = await new ScriptedUpstream()
            .Answer(call => int.Parse(call.Marker[1..], null) < 150
                ? ScriptedAnswer.Chat(call)
                : ScriptedAnswer.Chat(call).After(TimeSpan.FromMinutes(5)))
            .StartAsync();
        await using var driver = await BatchDriver.StartAsync(
            NewAccount(),
            upstream.Address,
            new Dictionary<string, string?> { ["Batch:Upstream:Concurrency"] = "1000" });
        var batch = await driver.CreateAsync(1000);
        driver.StartPump();
        await driver.WaitForAsync(batch, b => b.Counts.Completed >= 100, "lines are committed");
        var cancelling = await driver.Get<BatchCancellation>().CancelAsync(batch.Key, CancellationToken.None);
        Assert.Equal(BatchStatus.Cancelling, cancelling!.Status);
        var ended = await driver.WaitForEndAsync(batch);
        Assert.Equal(BatchStatus.Cancelled, ended.Status);
        var (output, error) = await driver.AssertPromiseAsync(ended, 1000);
        Assert.InRange(output.Count, 100, 150);
        Assert.All(error, line => Assert.Equal("batch_cancelled", line.GetProperty("error").GetProperty("code").GetString()));
        Assert.Equal(0, ended.Counts.Failed);
        Assert.Empty(driver.Faults);
    }

    [Fact]
    public async Task A_batch_past_its_deadline_expires_with_what_was_done()
    {
        await using var upstream = await new ScriptedUpstream()
            .Answer(call => int.Parse(call.Marker[1..], null) < 120
                ? ScriptedAnswer.Chat(call)
                : ScriptedAnswer.Chat(call).After(TimeSpan.FromMinutes(5)))
            .StartAsync();
        await using var driver = await BatchDriver.StartAsync(
            NewAccount(),
            upstream.Address,
            new Dictionary<string, string?> { ["Batch:Upstream:Concurrency"] = "500" });
        var batch = await driver.CreateAsync(500);
        driver.StartPump();
        await driver.WaitForAsync(batch, b => b.Counts.Completed == 120, "what is answered is committed");
        await driver.Batches.MutateAsync(batch.Key, b => b with { ExpiresAt = DateTimeOffset.UtcNow }, CancellationToken.None);
        var ended = await driver.WaitForEndAsync(batch);
        Assert.Equal(BatchStatus.Expired, ended.Status);
        Assert.NotNull(ended.ExpiredAt);
        var (output, error) = await driver.AssertPromiseAsync(ended, 500);
        Assert.Equal(120, output.Count);
        Assert.All(error, line => Assert.Equal("batch_expired", line.GetProperty("error").GetProperty("code").GetString()));
        Assert.Empty(driver.Faults);
    }
}
