using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Queues.Models;
using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Processing;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;
using BatchFunctions.Testing;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.DependencyInjection;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>The interleavings that the protocol's rules are there for, each forced.</summary>
public sealed class InterleavingTests
{
    /// <summary>Where each line must be called once, no lease may run out, however slow the machine.</summary>
    private static readonly Dictionary<string, string?> LongLease = new() { ["Batch:Lease"] = "00:05:00" };

    private readonly ScriptedSteps _steps = new();
    private readonly FaultyStorage _storage = new();
    private readonly string _account = TestStorage.NewStrictAccount();

    [Fact]
    public async Task A_checkpoint_whose_answer_is_lost_is_not_made_again()
    {
        await using var upstream = await new ScriptedUpstream().StartAsync();
        await using var driver = await StartAsync(upstream, LongLease);
        var batch = await driver.CreateAsync(300);
        _steps.CrashAt(ProtocolStep.ActiveRowDeleted, 0);
        _storage.LoseAnswerOf(request => request.Method == RequestMethod.Put
            && request.Uri.Path.Contains("chunks(", StringComparison.Ordinal)
            && _steps.Reached.ContainsKey(ProtocolStep.OutputSegmentStored));
        var ended = await driver.RunToEndAsync(batch);
        Assert.Equal(1, _storage.Lost);
        await driver.AssertPromiseAsync(ended, 300);
        Assert.All(upstream.CallsByMarker, calls => Assert.Equal(1, calls.Value));
        Assert.Empty(driver.Faults);
    }

    [Fact]
    public async Task A_worker_that_is_frozen_before_its_commit_past_its_lease_changes_nothing_any_more()
    {
        await using var upstream = await new ScriptedUpstream().StartAsync();
        await using var driver = await StartAsync(upstream, new Dictionary<string, string?> { ["Batch:Lease"] = "00:00:01" });
        var batch = await driver.CreateAsync(120);
        await driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);

        // The first has its answers staged and is frozen before the row's write, until its lease has run out.
        var frozen = _steps.HoldAt(ProtocolStep.OutputSegmentStored);
        var first = driver.Get<ChunkWork>().RunAsync(batch.Key, 0, CancellationToken.None);
        await frozen.ReachedAsync();
        async Task<Chunk> ReadAsync() => (await driver.Chunks.FindAsync(batch.Id, 0, CancellationToken.None))!;
        await Eventually.UntilAsync(
            async () => !(await ReadAsync()).IsHeld(DateTimeOffset.UtcNow), TimeSpan.FromSeconds(30), "the lease has run out");
        await driver.Get<ChunkWork>().RunAsync(batch.Key, 0, CancellationToken.None);
        var ended = await ReadAsync();
        Assert.True(ended.Ended);

        frozen.Release();
        await first;
        Assert.Equal(ended.ETag, (await ReadAsync()).ETag);
        var completed = await driver.RunToEndAsync(await driver.ReadAsync(batch));
        Assert.Equal(BatchStatus.Completed, completed.Status);
        await driver.AssertPromiseAsync(completed, 120);
        Assert.Empty(driver.Faults);
    }

    [Fact]
    public async Task A_worker_that_is_late_takes_back_the_chunk_that_the_sweep_has_woken_as_long_as_nobody_has_claimed_it()
    {
        await using var upstream = await new ScriptedUpstream().StartAsync();
        await using var driver = await StartAsync(upstream, new Dictionary<string, string?> { ["Batch:Lease"] = "00:00:01" });
        var batch = await driver.CreateAsync(120);
        await driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);
        var late = _steps.HoldAt(ProtocolStep.OutputSegmentStored);
        var run = driver.Get<ChunkWork>().RunAsync(batch.Key, 0, CancellationToken.None);
        await late.ReachedAsync();
        async Task<Chunk> ReadAsync() => (await driver.Chunks.FindAsync(batch.Id, 0, CancellationToken.None))!;
        await Eventually.UntilAsync(
            async () => !(await ReadAsync()).IsHeld(DateTimeOffset.UtcNow), TimeSpan.FromSeconds(30), "the lease has run out");
        await driver.Jobs.SweepTimerAsync(CancellationToken.None);
        var woken = await ReadAsync();
        Assert.Equal((null, 1, 1), (woken.Owner, woken.Epoch, woken.Wakes));

        late.Release();
        await run;

        var ended = await ReadAsync();
        Assert.Equal((true, 1), (ended.Ended, ended.Epoch));
        var completed = await driver.RunToEndAsync(await driver.ReadAsync(batch));
        await driver.AssertPromiseAsync(completed, 120);
        Assert.All(upstream.CallsByMarker, calls => Assert.Equal(1, calls.Value));
    }

    [Fact]
    public async Task A_copy_of_an_advance_that_has_been_taken_up_sums_nothing_and_a_redelivery_does()
    {
        await using var upstream = await new ScriptedUpstream().StartAsync();
        await using var driver = await StartAsync(upstream);
        var batch = await driver.CreateAsync(250);
        await driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);
        await driver.Get<BatchQueues>().AskAdvanceAsync(batch.Key, CancellationToken.None);
        var advance = driver.Get<BatchAdvance>();
        int Sums() => _steps.Reached.GetValueOrDefault(ProtocolStep.ChunksSummed);

        await advance.TakeUpAsync(batch.Key, isFirstDelivery: true, CancellationToken.None);
        Assert.Equal(1, Sums());
        await advance.TakeUpAsync(batch.Key, isFirstDelivery: true, CancellationToken.None);
        Assert.Equal(1, Sums());
        await advance.TakeUpAsync(batch.Key, isFirstDelivery: false, CancellationToken.None);
        Assert.Equal(2, Sums());
    }

    [Fact]
    public async Task An_advance_that_its_sender_counts_on_is_no_copy_though_a_late_one_has_taken_its_row_up()
    {
        await using var upstream = await new ScriptedUpstream().StartAsync();
        await using var driver = await StartAsync(upstream, new Dictionary<string, string?> { ["Batch:AdvanceDelay"] = "00:00:10" });
        var batch = await driver.CreateAsync(250);
        await driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);
        await driver.Get<ChunkWork>().RunAsync(batch.Key, 0, CancellationToken.None);
        await driver.Get<BatchAdvance>().TakeUpAsync(batch.Key, isFirstDelivery: true, CancellationToken.None);
        driver.Sent.Forget();
        await driver.Get<BatchQueues>().AskAdvanceAsync(batch.Key, CancellationToken.None);
        await driver.Get<BatchAdvance>().TakeUpAsync(batch.Key, isFirstDelivery: true, CancellationToken.None);

        // Nobody asks for what this chunk's end is to bring: the message is on its way.
        await driver.Get<ChunkWork>().RunAsync(batch.Key, 1, CancellationToken.None);
        Assert.Equal(1, driver.Sent.Of(BatchMessageKind.Advance));
        var message = QueuesModelFactory.QueueMessage(
            "message", "receipt", new BinaryData(driver.Sent.Last[BatchMessageKind.Advance].ToString()), dequeueCount: 1);
        await driver.Jobs.StepAsync(message, CancellationToken.None);

        Assert.Equal(200, (await driver.ReadAsync(batch)).Counts.Completed);
    }

    [Fact]
    public async Task An_advance_that_is_broken_off_by_a_shutdown_is_asked_for_anew()
    {
        await using var upstream = await new ScriptedUpstream().StartAsync();
        await using var driver = await StartAsync(upstream);
        var batch = await driver.CreateAsync(250);
        await driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);
        await driver.ClearAsync();
        await driver.Get<BatchQueues>().AskAdvanceAsync(batch.Key, CancellationToken.None);
        var queue = driver.Storage.Queues.GetQueueClient(QueueNames.Steps);
        var message = (await queue.ReceiveMessageAsync()).Value;
        using var stopping = new CancellationTokenSource();
        var held = _steps.HoldAt(ProtocolStep.AdvanceTakenUp);
        var handling = driver.Jobs.StepAsync(message, stopping.Token);
        await held.ReachedAsync();
        await stopping.CancelAsync();
        held.Release();
        await handling;
        await queue.DeleteMessageAsync(message.MessageId, message.PopReceipt);

        var next = (await queue.ReceiveMessageAsync()).Value;
        await driver.Jobs.StepAsync(next, CancellationToken.None);

        Assert.Equal(1, _steps.Reached.GetValueOrDefault(ProtocolStep.ChunksSummed));
    }

    [Fact]
    public async Task The_advance_that_knows_sums_again_when_another_was_faster()
    {
        var last = new TaskCompletionSource();
        await using var upstream = await new ScriptedUpstream()
            .Answer(call => call.Marker == "m199" ? ScriptedAnswer.Chat(call).After(last.Task) : ScriptedAnswer.Chat(call))
            .StartAsync();
        await using var driver = await StartAsync(upstream);
        var batch = await driver.CreateAsync(200);
        driver.Withheld.Add(BatchMessageKind.Advance);
        driver.StartPump();
        await Eventually.UntilAsync(() => upstream.Calls.Count == 200, "all lines have been sent");
        await UntilCommittedAsync(driver, batch, 199);

        // The first to look knows 199 lines; it is held before its write. The second knows that all have ended.
        var early = _steps.HoldAt(ProtocolStep.ChunksSummed);
        var first = driver.Get<BatchAdvance>().AdvanceAsync(batch.Key, CancellationToken.None);
        await early.ReachedAsync();

        // Whoever ends the last chunk is held behind its write, or it would be a third who advances.
        var ending = _steps.HoldAt(ProtocolStep.ChunkEndWritten);
        last.SetResult();
        await ending.ReachedAsync();
        await UntilCommittedAsync(driver, batch, 200);
        var late = _steps.HoldAt(ProtocolStep.ChunksSummed);
        var second = driver.Get<BatchAdvance>().AdvanceAsync(batch.Key, CancellationToken.None);
        await late.ReachedAsync();
        early.Release();
        await first;
        Assert.Equal(199, (await driver.ReadAsync(batch)).Counts.Completed);
        late.Release();
        await second;
        ending.Release();

        var ended = await driver.ReadAsync(batch);
        Assert.Equal(BatchStatus.Completed, ended.Status);
        await driver.AssertPromiseAsync(ended, 200);
    }

    [Fact]
    public async Task A_chunk_that_is_being_worked_on_shrugs_off_five_copies_of_its_message()
    {
        var released = new TaskCompletionSource();
        await using var upstream = await new ScriptedUpstream()
            .Answer(call => ScriptedAnswer.Chat(call).After(released.Task))
            .StartAsync();
        await using var driver = await StartAsync(upstream, LongLease);
        var batch = await driver.CreateAsync(120);
        driver.StartPump();
        await Eventually.UntilAsync(() => upstream.Calls.Count == 64, "as many lines as may are in flight");
        var handled = driver.Handled.GetValueOrDefault(BatchMessageKind.Chunk);
        for (var copy = 0; copy < 5; copy++)
        {
            await driver.Get<BatchQueues>().SendChunkAsync(batch.Key, 0, TimeSpan.Zero, CancellationToken.None);
        }

        await Eventually.UntilAsync(
            () => driver.Handled.GetValueOrDefault(BatchMessageKind.Chunk) >= handled + 5, "the copies have been handled");
        released.SetResult();
        var ended = await driver.WaitForEndAsync(batch);
        await driver.AssertPromiseAsync(ended, 120);
        Assert.All(upstream.CallsByMarker, calls => Assert.Equal(1, calls.Value));
        Assert.Empty(driver.Faults);
    }

    [Fact]
    public async Task A_validation_that_is_run_again_after_the_chunk_size_has_changed_keeps_the_first_size()
    {
        await using var upstream = await new ScriptedUpstream().StartAsync();
        Batch batch;
        await using (var first = await StartAsync(upstream))
        {
            _steps.CrashAt(ProtocolStep.ChunkRowsWritten);
            batch = await first.CreateAsync(250);
            first.StartPump();
            await Eventually.UntilAsync(() => !first.Faults.IsEmpty, "the first validation is broken off");
        }

        await using var second = await StartAsync(
            upstream, new Dictionary<string, string?> { ["Batch:ChunkLines"] = "7" });
        var ended = await second.RunToEndAsync(batch);
        Assert.Equal(3, ended.ChunkCount);
        await second.AssertPromiseAsync(ended, 250);
    }

    [Fact]
    public async Task A_batch_that_is_cancelled_while_it_is_validated_ends_and_leaves_no_chunk()
    {
        await using var upstream = await new ScriptedUpstream().StartAsync();
        await using var driver = await StartAsync(upstream);
        var batch = await driver.CreateAsync(250);
        var held = _steps.HoldAt(ProtocolStep.ChunkRowsWritten);
        driver.StartPump();
        await held.ReachedAsync();
        await driver.Get<BatchCancellation>().CancelAsync(batch.Key, CancellationToken.None);
        var ended = await driver.WaitForEndAsync(batch);
        Assert.Equal(BatchStatus.Cancelled, ended.Status);
        held.Release();
        await Eventually.UntilAsync(
            () => driver.Handled.ContainsKey(BatchMessageKind.Validate), "the late validation has come to its end");
        Assert.Empty(await driver.Chunks.ListAsync(batch.Id, CancellationToken.None).ToListAsync());
        Assert.Equal(0, ended.Counts.Total);
        Assert.Null(ended.OutputFileId);
        Assert.Null(ended.ErrorFileId);
        Assert.Empty(upstream.Calls);
    }

    [Fact]
    public async Task Storage_that_is_down_for_three_minutes_costs_no_answer()
    {
        await using var upstream = await new ScriptedUpstream()
            .Answer(call => ScriptedAnswer.Chat(call).After(TimeSpan.FromMilliseconds(20)))
            .StartAsync();
        await using var driver = await StartAsync(
            upstream,
            new Dictionary<string, string?>
            {
                ["Batch:Lease"] = "00:01:00",
                ["Batch:Checkpoint"] = "00:00:05",
                ["Batch:StatusPoll"] = "00:00:02",
                ["Batch:SweepInterval"] = "00:00:30",
            },
            new FastTime(30));
        var batch = await driver.CreateAsync(2000);
        driver.StartPump();
        await driver.WaitForAsync(batch, b => b.Counts.Completed > 0, "lines are committed");
        _storage.GoDown();
        await Task.Delay(TimeSpan.FromMinutes(3) / 30);
        _storage.ComeUp();
        var ended = await driver.WaitForEndAsync(batch);
        Assert.Equal(BatchStatus.Completed, ended.Status);
        await driver.AssertPromiseAsync(ended, 2000);
    }

    [Fact]
    public async Task Every_message_twice_and_at_once_does_no_harm()
    {
        await using var upstream = await new ScriptedUpstream().StartAsync();
        await using var driver = await StartAsync(upstream, LongLease);
        driver.Deliveries = 2;
        var batch = await driver.CreateAsync(1000);
        driver.StartPump(workers: 2);
        var ended = await driver.WaitForEndAsync(batch);
        await driver.AssertPromiseAsync(ended, 1000);
        Assert.All(upstream.CallsByMarker, calls => Assert.Equal(1, calls.Value));
    }

    private static async Task UntilCommittedAsync(BatchDriver driver, Batch batch, int lines) =>
        await Eventually.UntilAsync(
            async () => (await driver.Chunks.ListAsync(batch.Id, CancellationToken.None).ToListAsync())
                .Sum(chunk => chunk.Completed) == lines,
            TimeSpan.FromSeconds(60),
            $"{lines} lines are committed");

    private Task<BatchDriver> StartAsync(
        ScriptedUpstream upstream, IReadOnlyDictionary<string, string?>? settings = null, TimeProvider? time = null) =>
        BatchDriver.StartAsync(
            _account,
            upstream.Address,
            settings,
            services =>
            {
                services.AddSingleton<ProtocolSteps>(_steps);
                services.AddSingleton<HttpPipelinePolicy>(_storage);
                if (time is not null)
                {
                    services.AddSingleton(time);
                }
            });
}
