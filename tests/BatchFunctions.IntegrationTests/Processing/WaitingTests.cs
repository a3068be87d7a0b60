using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Fleet;
using BatchFunctions.Processing;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;
using BatchFunctions.Testing;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.DependencyInjection;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>Batches that wait without messages until their upstream is back.</summary>
public sealed class WaitingTests : DrivenTest
{
    private readonly ScriptedSteps _steps = new();

    private protected override IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>
    {
        ["Batch:SweepInterval"] = "00:00:01",
        ["Batch:Lease"] = "00:00:05",
        ["Batch:WakeUpLost"] = "00:00:10",
        ["Batch:ProgressLost"] = "00:10:00",
    };

    private protected override void Configure(IServiceCollection services) => services.AddSingleton<ProtocolSteps>(_steps);

    [Fact]
    public async Task While_the_upstream_is_away_all_but_one_wait_without_a_message_and_all_go_on_when_it_is_back()
    {
        await Upstream.StopAsync();
        var batches = await CreateAsync(12);
        Driver.StartPump();
        await UntilAsync(async () => (await WaitingAsync()).Count >= 11 && await Driver.WaitingAsync(QueueNames.Chunk) <= 1, "all but one wait");
        var calls = Driver.Handled.GetValueOrDefault(BatchMessageKind.Chunk);
        Assert.All(await WaitingAsync(), row => Assert.Equal(["default"], row.WaitsFor));

        await Upstream.StartAsync();

        foreach (var batch in batches)
        {
            await Driver.AssertPromiseAsync(await Driver.WaitForEndAsync(batch), 1);
        }

        Assert.True(_steps.Reached[ProtocolStep.WokenSent] >= 11, $"woken: {_steps.Reached[ProtocolStep.WokenSent]}, handled before: {calls}");
        Assert.Empty(Driver.Faults);
    }

    /// <summary>The one who asks is gone: its batch was cancelled. Nobody holds a share, so the next sweep has another ask.</summary>
    [Fact]
    public async Task When_nobody_asks_whether_the_upstream_is_back_one_that_waits_does()
    {
        var batches = await CreateAsync(3);
        foreach (var batch in batches)
        {
            await WaitAsync(batch);
        }

        Assert.Equal(1, await WakeAsync());
        Assert.Equal(1, Driver.Sent.Of(BatchMessageKind.Chunk));
        Assert.Equal(2, (await WaitingAsync()).Count);
    }

    [Fact]
    public async Task While_a_process_asks_none_goes_on_and_when_it_gets_through_all_do_that_waited_before()
    {
        var batches = await CreateAsync(3);
        foreach (var batch in batches)
        {
            await WaitAsync(batch);
        }

        await TellAsync(new ShareDemand(0, [new ProjectDemand("p", 1, 1)]) { AwaySince = DateTimeOffset.UtcNow });
        Assert.Equal(0, await WakeAsync());

        var since = (await WaitingAsync()).Select(row => row.WaitsSince!.Value).Order().ElementAt(1);
        await TellAsync(new ShareDemand(0, [new ProjectDemand("p", 1, 1)]) { ThroughSince = since.AddMilliseconds(1) });
        Assert.Equal(2, await WakeAsync());
        Assert.Single(await WaitingAsync());
    }

    [Fact]
    public async Task Of_two_sweeps_at_once_one_sends_the_messages()
    {
        await WaitAsync((await CreateAsync(1))[0]);
        var waiting = await WaitingAsync();
        await TellAsync(new ShareDemand(0, [new ProjectDemand("p", 1, 1)]) { ThroughSince = waiting[0].WaitsSince!.Value.AddMilliseconds(1) });

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Driver.Get<WaitingBatches>().WakeAsync(waiting, CancellationToken.None)));

        Assert.Equal(1, Driver.Sent.Of(BatchMessageKind.Chunk));
    }

    [Fact]
    public async Task A_crash_between_the_row_and_the_messages_is_made_up_for_by_a_look()
    {
        Upstream.Answer(ScriptedAnswer.Chat);
        var batch = (await CreateAsync(1))[0];
        await WaitAsync(batch);
        _steps.CrashAt(ProtocolStep.WokenNoted);
        await Assert.ThrowsAsync<SimulatedCrashException>(WakeAsync);
        Assert.Empty(await WaitingAsync());
        Assert.Equal(0, Driver.Sent.Of(BatchMessageKind.Chunk));
        var row = await Driver.Get<ActiveBatchStore>().FindAsync(batch.Key, default);
        Assert.InRange(row!.LookAt!.Value, row.CreatedAt, DateTimeOffset.UtcNow.AddMinutes(1));

        await UntilAsync(
            async () =>
            {
                await Driver.Jobs.SweepTimerAsync(CancellationToken.None);
                return Driver.Sent.Of(BatchMessageKind.Chunk) > 0;
            },
            "a sweep sends the message");
        await Driver.AssertPromiseAsync(await Driver.RunToEndAsync(batch), 1);
    }

    [Theory]
    [InlineData(nameof(ProtocolStep.HandOverWritten))]
    [InlineData(nameof(ProtocolStep.WaitNoted))]
    public async Task A_crash_about_noting_that_a_chunk_waits_is_made_up_for(string step)
    {
        await Upstream.StopAsync();
        Driver.LosesMessages = true;
        _steps.CrashAt(Enum.Parse<ProtocolStep>(step), times: 2);
        var batches = await CreateAsync(4);
        Driver.StartPump();
        await UntilAsync(() => Task.FromResult(Driver.Faults.Count(fault => fault.Error is SimulatedCrashException) == 2), "two have crashed");

        await Upstream.StartAsync();

        foreach (var batch in batches)
        {
            await Driver.AssertPromiseAsync(await Driver.WaitForEndAsync(batch), 1);
        }
    }

    [Fact]
    public async Task A_claim_takes_the_chunk_off_those_that_wait()
    {
        var batch = (await CreateAsync(1))[0];
        await WaitAsync(batch);
        await UntilAsync(() => Task.FromResult(DateTimeOffset.UtcNow - batch.CreatedAt > TimeSpan.FromSeconds(6)), "the batch is a lease old");

        await Driver.Get<BatchLooks>().SeeToAsync(batch.Key, 0, CancellationToken.None);

        Assert.Empty(await WaitingAsync());
    }

    private async Task<IReadOnlyList<Batch>> CreateAsync(int count)
    {
        var batches = new List<Batch>();
        for (var number = 0; number < count; number++)
        {
            batches.Add(await Driver.CreateAsync(1));
        }

        return batches;
    }

    /// <summary>Has a batch of one chunk wait as its run would, which found the upstream away; its messages are lost.</summary>
    private async Task WaitAsync(Batch batch)
    {
        _steps.CrashAt(ProtocolStep.InProgressWritten);
        await Assert.ThrowsAsync<SimulatedCrashException>(() => Driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None));
        var chunk = await Driver.Chunks.FindAsync(batch.Id, 0, CancellationToken.None);
        Assert.NotNull(await Driver.Chunks.TryUpdateAsync(chunk!.Release(DateTimeOffset.UtcNow), CancellationToken.None));
        Assert.True(await Driver.Get<BatchLooks>().TryNoteWaitAsync(batch.Key, 0, ["default"], CancellationToken.None));
        await Driver.ClearAsync();
    }

    private async Task<IReadOnlyList<ActiveBatch>> WaitingAsync() =>
        await Driver.Get<ActiveBatchStore>().ListAsync(CancellationToken.None).Where(row => row.Waiting.Count > 0).ToListAsync();

    private async Task<int> WakeAsync() => await Driver.Get<WaitingBatches>().WakeAsync(await WaitingAsync(), CancellationToken.None);

    /// <summary>Has a process say in the ledger what it has and sees.</summary>
    private Task TellAsync(ShareDemand demand) => Driver.Get<ShareStore>().MutateAsync(
        "default", (ledger, now) => ledger.Renew("another", demand, null, 64, now).Ledger, CancellationToken.None);

    private static Task UntilAsync(Func<Task<bool>> condition, string what) => Eventually.UntilAsync(condition, TimeSpan.FromMinutes(2), what);
}
