using Azure.Data.Tables;
using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Ids;
using BatchFunctions.Processing;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;
using BatchFunctions.Testing;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>What the sweep does, and when: a lease and a sweep of a minute each.</summary>
public sealed class SweepTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly ScriptedSteps _steps = new();
    private readonly string _account = TestStorage.NewStrictAccount();
    private ScriptedUpstream _upstream = null!;
    private BatchDriver _driver = null!;

    public async Task InitializeAsync()
    {
        _upstream = await new ScriptedUpstream().StartAsync();
        _driver = await BatchDriver.StartAsync(
            _account,
            _upstream.Address,
            new Dictionary<string, string?>
            {
                ["Batch:Lease"] = "00:01:00",
                ["Batch:SweepInterval"] = "00:01:00",
                ["Batch:WakeUpLost"] = "00:00:30",
                ["Batch:ProgressLost"] = "00:10:00",
            },
            services =>
            {
                services.AddSingleton<TimeProvider>(_time);
                services.AddSingleton<ProtocolSteps>(_steps);
            });
    }

    public async Task DisposeAsync()
    {
        await _driver.DisposeAsync();
        await _upstream.DisposeAsync();
    }

    [Fact]
    public async Task A_row_that_a_broken_off_making_has_left_is_removed_after_a_quarter_of_an_hour_and_not_before()
    {
        _steps.CrashAt(ProtocolStep.ActiveRowWritten);
        await Assert.ThrowsAsync<SimulatedCrashException>(() => _driver.CreateAsync(3));
        await SweepAsync(TimeSpan.FromMinutes(15));
        Assert.Equal(1, await ActiveAsync());
        await SweepAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(0, await ActiveAsync());
    }

    [Fact]
    public async Task Unclaimed_chunks_are_sent_again_after_ten_minutes_without_progress_and_then_after_twice_as_long()
    {
        var batch = await ValidatedAsync(250);
        await SweepAsync(TimeSpan.FromMinutes(10) - TimeSpan.FromSeconds(1));
        Assert.Equal(0, await SentAsync());
        await SweepAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(3, await SentAsync());
        await SweepAsync(TimeSpan.FromMinutes(20) - TimeSpan.FromSeconds(1));
        Assert.Equal(3, await SentAsync());
        await SweepAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(6, await SentAsync());

        // Progress starts the count again.
        await _driver.Get<ChunkWork>().RunAsync(batch.Key, 0, CancellationToken.None);
        await _driver.Get<BatchAdvance>().AdvanceAsync(batch.Key, CancellationToken.None);
        await SweepAsync(TimeSpan.FromMinutes(10));
        Assert.Equal(8, await SentAsync());
    }

    /// <summary>A worker may die between the message's coming and its claim, and such a message comes back only minutes later.</summary>
    [Fact]
    public async Task Chunks_of_the_first_window_that_nobody_claims_are_sent_again_once_no_message_waits()
    {
        var batch = await WithMessagesAsync(250);
        var queue = _driver.Storage.Queues.GetQueueClient(QueueNames.Chunk);
        await queue.ReceiveMessagesAsync(maxMessages: 2, visibilityTimeout: TimeSpan.FromMinutes(10));
        await SweepAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(3, await _driver.WaitingAsync(QueueNames.Chunk));

        await queue.ReceiveMessagesAsync(maxMessages: 1, visibilityTimeout: TimeSpan.FromMinutes(10));
        await SweepAsync(TimeSpan.Zero);
        Assert.Equal(6, await _driver.WaitingAsync(QueueNames.Chunk));
        var woken = await _driver.Chunks.FindAsync(batch.Id, 0, CancellationToken.None);
        Assert.Equal((0, 1), (woken!.Epoch, woken.Wakes));

        // From then on they are as forsaken as any: the next after twice as long.
        await SweepAsync(TimeSpan.FromSeconds(59));
        Assert.Equal(6, await _driver.WaitingAsync(QueueNames.Chunk));
        await SweepAsync(TimeSpan.FromSeconds(2));
        Assert.Equal(9, await _driver.WaitingAsync(QueueNames.Chunk));
    }

    [Fact]
    public async Task Chunks_of_the_first_window_are_not_sent_again_at_once()
    {
        await WithMessagesAsync(250);
        await _driver.Storage.Queues.GetQueueClient(QueueNames.Chunk).ReceiveMessagesAsync(maxMessages: 3, visibilityTimeout: TimeSpan.FromMinutes(10));
        await SweepAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(3, await _driver.WaitingAsync(QueueNames.Chunk));
        await SweepAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(6, await _driver.WaitingAsync(QueueNames.Chunk));
    }

    [Fact]
    public async Task A_chunk_whose_lease_has_run_out_is_sent_again_at_once()
    {
        var batch = await ValidatedAsync(250);
        await ChangeAsync(batch, chunk => chunk.Claim(_time.GetUtcNow().AddMinutes(1)));
        await SweepAsync(TimeSpan.FromSeconds(59));
        Assert.Equal(0, await SentAsync());
        await SweepAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(1, await SentAsync());
    }

    [Fact]
    public async Task A_chunk_whose_wait_is_over_and_whose_message_has_not_come_is_sent_again()
    {
        var batch = await ValidatedAsync(250);
        await ChangeAsync(batch, chunk => chunk.Claim(_time.GetUtcNow()).Release(_time.GetUtcNow().AddMinutes(5)));
        await SweepAsync(TimeSpan.FromMinutes(5) + TimeSpan.FromSeconds(30));
        Assert.Equal(0, await SentAsync());
        await SweepAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(1, await SentAsync());
    }

    [Fact]
    public async Task A_chunk_that_was_handed_over_and_whose_message_was_never_sent_is_found_by_the_next_sweep()
    {
        var batch = await ValidatedAsync(250);
        using var stopping = new CancellationTokenSource();
        _steps.CrashAt(ProtocolStep.HandOverWritten);
        _upstream.Answer(call => ScriptedAnswer.Chat(call).After(TimeSpan.FromHours(1)));
        var run = _driver.Get<ChunkWork>().RunAsync(batch.Key, 0, stopping.Token);
        await Eventually.UntilAsync(() => _upstream.InFlight > 0, "lines are under way");
        await stopping.CancelAsync();
        await Assert.ThrowsAsync<SimulatedCrashException>(() => run);
        Assert.Null((await _driver.Chunks.FindAsync(batch.Id, 0, CancellationToken.None))!.Owner);
        Assert.Equal(0, _driver.Sent.Of(BatchMessageKind.Chunk));

        await SweepAsync(TimeSpan.Zero);

        Assert.Equal(1, _driver.Sent.Of(BatchMessageKind.Chunk));
    }

    [Fact]
    public async Task A_chunk_whose_worker_was_on_this_machine_and_is_dead_need_not_wait_for_its_lease()
    {
        var batch = await ValidatedAsync(250);
        var dead = WorkerIdentity.Own with { Started = WorkerIdentity.Own.Started - 1 };
        await ChangeAsync(batch, chunk => chunk.Claim(_time.GetUtcNow().AddMinutes(1)) with { Owner = dead.NewClaim() });
        await SweepAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(1, await SentAsync());
    }

    [Fact]
    public async Task The_next_sweep_looks_when_the_first_lease_would_run_out()
    {
        var batch = await ValidatedAsync(250);
        await ChangeAsync(batch, chunk => chunk.Claim(_time.GetUtcNow().AddSeconds(5)));
        await _driver.Get<BatchSweep>().TakeUpAsync(new BatchMessage { Ticket = await _driver.TicketAsync() }, CancellationToken.None);
        Assert.Equal(TimeSpan.FromSeconds(6), _driver.Sent.Delays[BatchMessageKind.Sweep]);
    }

    /// <summary>The one who handled the sweep's message may have died over it.</summary>
    [Fact]
    public async Task A_worker_sees_to_it_that_sweeps_go_on()
    {
        var batch = await ValidatedAsync(250);
        _upstream.Answer(call => ScriptedAnswer.Chat(call).After(TimeSpan.FromHours(1)));
        using var stopping = new CancellationTokenSource();
        var run = _driver.Get<ChunkWork>().RunAsync(batch.Key, 0, stopping.Token);
        await Eventually.UntilAsync(() => _upstream.InFlight > 0, "lines are under way");
        await _driver.ClearAsync();
        await _driver.Get<WakeupStore>().TryTakeSweepAsync(await _driver.TicketAsync(), CancellationToken.None);

        await Eventually.UntilAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                return _driver.Sent.Of(BatchMessageKind.Sweep) == 1;
            },
            "a sweep is asked for");
        await stopping.CancelAsync();
        await run;
    }

    [Fact]
    public async Task An_advance_behind_a_long_queue_gets_ever_fewer_copies()
    {
        var batch = await ValidatedAsync(250);
        await _driver.Get<BatchQueues>().AskAdvanceAsync(batch.Key, CancellationToken.None);
        _driver.Sent.Forget();
        var copies = new List<int>();
        for (var minute = 0; minute < 9; minute++)
        {
            await SweepAsync(TimeSpan.FromMinutes(1));
            copies.Add(_driver.Sent.Of(BatchMessageKind.Advance));
        }

        // After 30 seconds, then 1, 2, 4 minutes more, each seen by the first sweep that comes later.
        Assert.Equal([1, 1, 2, 2, 2, 3, 3, 3, 3], copies);
    }

    [Fact]
    public async Task A_message_behind_a_long_queue_gets_ever_fewer_copies()
    {
        var batch = await ValidatedAsync(250);
        await ChangeAsync(batch, chunk => chunk.Claim(_time.GetUtcNow()).Release(_time.GetUtcNow()));
        var copies = new List<int>();
        for (var minute = 0; minute < 9; minute++)
        {
            await SweepAsync(TimeSpan.FromMinutes(1));
            copies.Add(await SentAsync());
        }

        // After 30 seconds, then 1, 2, 4 minutes more, each seen by the first sweep that comes later.
        Assert.Equal([1, 1, 2, 2, 2, 3, 3, 3, 3], copies);
    }

    [Fact]
    public async Task A_chunk_that_the_sweep_has_woken_is_another_workers_once_it_is_claimed()
    {
        var batch = await ValidatedAsync(250);
        var idle = await _driver.Chunks.FindAsync(batch.Id, 0, CancellationToken.None);
        var frozen = await _driver.Chunks.TryUpdateAsync(idle!.Claim(_time.GetUtcNow().AddMinutes(1)), CancellationToken.None);
        await SweepAsync(TimeSpan.FromMinutes(1));
        await _driver.Get<ChunkWork>().RunAsync(batch.Key, 0, CancellationToken.None);
        var taken = await _driver.Chunks.FindAsync(batch.Id, 0, CancellationToken.None);
        Assert.Equal((2, 0, true), (taken!.Epoch, taken.Wakes, taken.Ended));
        Assert.Null(await _driver.Chunks.TryUpdateAsync(frozen!.End(), CancellationToken.None));
    }

    [Fact]
    public async Task A_deadline_that_nobody_works_towards_is_started()
    {
        var batch = await ValidatedAsync(250);
        _time.Advance(TimeSpan.FromHours(24) + TimeSpan.FromSeconds(1));
        var ended = await _driver.RunToEndAsync(await SweptAsync(batch));
        Assert.Equal(BatchStatus.Expired, ended.Status);
        var (output, error) = await _driver.AssertPromiseAsync(ended, 250);
        Assert.Empty(output);
        Assert.All(error, line => Assert.Equal("batch_expired", line.GetProperty("error").GetProperty("code").GetString()));
        Assert.Equal(new RequestCounts(250, 0, 0), ended.Counts);
        Assert.Empty(_upstream.Calls);
    }

    [Fact]
    public async Task A_batch_that_cannot_close_fails_an_hour_past_its_deadline_with_the_results_that_there_are()
    {
        var batch = await ValidatedAsync(250);
        await _driver.Get<ChunkWork>().RunAsync(batch.Key, 1, CancellationToken.None);

        // A worker that does not die and does not come to an end.
        await ChangeAsync(batch, chunk => chunk.Claim(_time.GetUtcNow().AddDays(2)));
        await SweepAsync(TimeSpan.FromHours(24));
        await SweepAsync(TimeSpan.FromHours(1) - TimeSpan.FromSeconds(1));
        await _driver.Get<BatchAdvance>().AdvanceAsync(batch.Key, CancellationToken.None);
        Assert.Equal(BatchStatus.InProgress, (await _driver.ReadAsync(batch)).Status);
        await SweepAsync(TimeSpan.FromSeconds(2));
        var failed = await _driver.ReadAsync(batch);
        Assert.Equal(BatchStatus.Failed, failed.Status);
        Assert.Equal("internal_error", Assert.Single(failed.Errors).Code);
        Assert.Equal(new RequestCounts(250, 100, 0), failed.Counts);
        Assert.Equal(100, (await _driver.ReadResultsAsync(failed.OutputFileId)).Count);
        Assert.Equal(50, (await _driver.ReadResultsAsync(failed.ErrorFileId)).Count);
        Assert.Equal(0, await ActiveAsync());
    }

    [Fact]
    public async Task A_chain_that_has_lost_its_message_is_taken_up_by_whoever_makes_the_next_batch()
    {
        await _driver.CreateAsync(3);
        await _driver.ClearAsync();
        _time.Advance(TimeSpan.FromSeconds(90));
        await _driver.CreateAsync(3);
        Assert.Equal(0, _driver.Sent.Of(BatchMessageKind.Sweep));
        _time.Advance(TimeSpan.FromSeconds(1));
        await _driver.CreateAsync(3);
        Assert.Equal(1, _driver.Sent.Of(BatchMessageKind.Sweep));
    }

    [Fact]
    public async Task A_sweeps_message_that_comes_twice_starts_no_second_chain()
    {
        await _driver.CreateAsync(3);
        Assert.Equal(1, _driver.Sent.Of(BatchMessageKind.Sweep));
        var ticket = await _driver.TicketAsync();
        var sweep = _driver.Get<BatchSweep>();
        await sweep.TakeUpAsync(new BatchMessage { Ticket = ticket }, CancellationToken.None);
        Assert.Equal(2, _driver.Sent.Of(BatchMessageKind.Sweep));
        var next = await _driver.TicketAsync();
        Assert.NotEqual(ticket, next);
        await sweep.TakeUpAsync(new BatchMessage { Ticket = ticket }, CancellationToken.None);
        Assert.Equal(2, _driver.Sent.Of(BatchMessageKind.Sweep));
        Assert.Equal(next, await _driver.TicketAsync());
    }

    [Fact]
    public async Task At_rest_a_sweep_asks_for_no_other()
    {
        await _driver.Get<BatchQueues>().AskSweepAsync(delay: null, CancellationToken.None);
        await _driver.ClearAsync();
        await _driver.Get<BatchSweep>().TakeUpAsync(new BatchMessage { Ticket = await _driver.TicketAsync() }, CancellationToken.None);
        Assert.Equal(0, _driver.Sent.Of(BatchMessageKind.Sweep));
        Assert.Null(await _driver.TicketAsync());
    }

    [Fact]
    public async Task Rows_and_messages_of_an_older_version_go_on()
    {
        var batch = await ValidatedAsync(250);
        await ChangeAsync(batch, chunk => chunk.Claim(_time.GetUtcNow().AddMinutes(1)));

        // The first version knew neither traces, nor due times, nor tickets, nor strikes, nor resends, nor write ids.
        string[] unknown = ["TraceParent", "ChunkTarget", "Wakes", "Strikes", "StrikeDone", "Resends", "SentAgainAt", "ProgressAt", "Version", "WriteId", "Attempts"];
        foreach (var name in new[] { TableNames.Batches, TableNames.Chunks, TableNames.ActiveBatches, TableNames.Pending })
        {
            var table = _driver.Storage.Tables.GetTableClient(name);
            await foreach (var row in table.QueryAsync<TableEntity>())
            {
                foreach (var property in unknown)
                {
                    row.Remove(property);
                }

                await table.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace);
            }
        }

        _time.Advance(TimeSpan.FromMinutes(11));
        await _driver.Storage.Queues.GetQueueClient(QueueNames.Steps).SendMessageAsync("""{"v":1,"k":"sweep","t":"","b":""}""");
        var ended = await _driver.RunToEndAsync(batch);
        Assert.Equal(BatchStatus.Completed, ended.Status);
        await _driver.AssertPromiseAsync(ended, 250);
    }

    /// <summary>A batch whose chunks stand, and have their messages.</summary>
    private async Task<Batch> WithMessagesAsync(int lines)
    {
        var batch = await _driver.CreateAsync(lines);
        await _driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);
        return batch;
    }

    /// <summary>A batch whose chunks stand, and whose messages are lost. For all that is known they wait behind that of another batch.</summary>
    private async Task<Batch> ValidatedAsync(int lines)
    {
        var batch = await WithMessagesAsync(lines);
        await _driver.LoseBehindAnotherAsync(batch);
        return await _driver.ReadAsync(batch);
    }

    /// <summary>Messages of the batch's chunks.</summary>
    private async Task<int> SentAsync() => await _driver.WaitingAsync(QueueNames.Chunk) - 1;

    private async Task ChangeAsync(Batch batch, Func<Chunk, Chunk> change)
    {
        var chunk = await _driver.Chunks.FindAsync(batch.Id, 0, CancellationToken.None);
        Assert.NotNull(await _driver.Chunks.TryUpdateAsync(change(chunk!), CancellationToken.None));
    }

    private async Task<Batch> SweptAsync(Batch batch)
    {
        await SweepAsync(TimeSpan.Zero);
        return batch;
    }

    private Task SweepAsync(TimeSpan later)
    {
        _time.Advance(later);
        return _driver.Jobs.SweepTimerAsync(CancellationToken.None);
    }

    private async Task<int> ActiveAsync() =>
        await _driver.Get<ActiveBatchStore>().ListAsync(CancellationToken.None).CountAsync();
}
