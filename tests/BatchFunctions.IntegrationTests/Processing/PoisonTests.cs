using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Azure.Storage.Queues;
using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Files;
using BatchFunctions.Ids;
using BatchFunctions.Processing;
using BatchFunctions.Storage;
using BatchFunctions.Testing;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>Messages that failed too often: nothing is thrown away, and nothing waits for ever.</summary>
public sealed class PoisonTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly RecordedLogs _logs = new();
    private readonly FaultyStorage _storage = new();
    private ScriptedUpstream _upstream = null!;
    private BatchDriver _driver = null!;

    private PoisonHandling Poison => _driver.Get<PoisonHandling>();

    public async Task InitializeAsync()
    {
        _upstream = await new ScriptedUpstream().StartAsync();
        _driver = await BatchDriver.StartAsync(
            TestStorage.NewStrictAccount(),
            _upstream.Address,
            configure: services =>
            {
                services.AddSingleton<TimeProvider>(_time);
                services.AddSingleton<HttpPipelinePolicy>(_storage);
                services.AddLogging(logging => logging.AddProvider(_logs));
            });
    }

    public async Task DisposeAsync()
    {
        await _driver.DisposeAsync();
        await _upstream.DisposeAsync();
    }

    [Fact]
    public async Task Three_strikes_without_a_new_line_end_a_chunk_and_its_batch()
    {
        var batch = await ValidatedAsync(120);
        for (var strike = 1; strike <= 2; strike++)
        {
            await Poison.ChunkAsync(batch.Key, 0, CancellationToken.None);
            Assert.Equal(strike, (await ChunkAsync(batch)).Strikes);
            Assert.Equal(strike, _driver.Sent.Of(BatchMessageKind.Chunk));
            await FailAsync(batch);
        }

        await Poison.ChunkAsync(batch.Key, 0, CancellationToken.None);
        Assert.True((await ChunkAsync(batch)).Ended);
        Assert.Equal(1, _driver.Sent.Of(BatchMessageKind.Advance));
        Assert.Empty(_upstream.Calls);

        await _driver.Get<ChunkWork>().RunAsync(batch.Key, 1, CancellationToken.None);
        await _driver.Get<BatchAdvance>().AdvanceAsync(batch.Key, CancellationToken.None);
        var ended = await _driver.ReadAsync(batch);
        Assert.Equal(BatchStatus.Completed, ended.Status);
        var (output, error) = await _driver.AssertPromiseAsync(ended, 120);
        Assert.Equal(20, output.Count);
        Assert.All(error, line => Assert.Equal("internal_error", line.GetProperty("error").GetProperty("code").GetString()));
    }

    [Fact]
    public async Task A_new_line_between_two_strikes_starts_the_count_again()
    {
        var batch = await ValidatedAsync(120);
        await Poison.ChunkAsync(batch.Key, 0, CancellationToken.None);
        await FailAsync(batch);
        await Poison.ChunkAsync(batch.Key, 0, CancellationToken.None);
        await FailAsync(batch);
        var chunk = await ChunkAsync(batch);
        Assert.Equal(2, chunk.Strikes);
        var done = LineSet.Empty.With([3]);
        Assert.NotNull(await _driver.Chunks.TryUpdateAsync(chunk with { Done = done, Completed = 1 }, CancellationToken.None));
        await Poison.ChunkAsync(batch.Key, 0, CancellationToken.None);
        var struck = await ChunkAsync(batch);
        Assert.False(struck.Ended);
        Assert.Equal((1, 1), (struck.Strikes, struck.StrikeDone));
    }

    /// <summary>What one trouble poisoned comes together: copies of a message, and tries at which nobody got as far as the lines.</summary>
    [Fact]
    public async Task Messages_that_were_poisoned_together_are_one_strike_and_so_is_all_that_comes_before_another_claim()
    {
        var batch = await ValidatedAsync(120);
        for (var copy = 1; copy <= 4; copy++)
        {
            await Poison.ChunkAsync(batch.Key, 0, CancellationToken.None);
            Assert.Equal(copy, _driver.Sent.Of(BatchMessageKind.Chunk));
            _time.Advance(TimeSpan.FromMinutes(5));
        }

        Assert.Equal((1, false), ((await ChunkAsync(batch)).Strikes, (await ChunkAsync(batch)).Ended));
        for (var copy = 1; copy <= 4; copy++)
        {
            await FailAsync(batch, TimeSpan.FromSeconds(10));
            await Poison.ChunkAsync(batch.Key, 0, CancellationToken.None);
        }

        Assert.Equal((2, false), ((await ChunkAsync(batch)).Strikes, (await ChunkAsync(batch)).Ended));
    }

    [Fact]
    public async Task Poisoned_messages_of_one_validation_are_one_strike_a_minute()
    {
        var batch = await _driver.CreateAsync(120);
        for (var copy = 1; copy <= 4; copy++)
        {
            await Poison.ValidateAsync(batch.Key, CancellationToken.None);
            _time.Advance(TimeSpan.FromSeconds(10));
        }

        var validating = await _driver.ReadAsync(batch);
        Assert.Equal((BatchStatus.Validating, 1), (validating.Status, validating.Strikes));
    }

    [Fact]
    public async Task What_may_pass_takes_no_life_of_a_poisoned_message()
    {
        var (batch, queue) = await PoisonedAdvanceAsync();

        var tries = 0;
        _storage.GoDown(request =>
        {
            var fits = request.Uri.Path.Contains(TableNames.Batches + "(", StringComparison.Ordinal);
            tries += fits ? 1 : 0;
            return fits;
        });
        await UntilHandledAsync(() => tries >= 4);
        _storage.ComeUp();
        var reads = _storage.Requests["GET batches"];
        await UntilHandledAsync(() => _storage.Requests["GET batches"] > reads);

        Assert.Equal(1, await _driver.WaitingAsync(queue.Name));
        Assert.Equal(BatchStatus.Finalizing, (await _driver.ReadAsync(batch)).Status);

        Task UntilHandledAsync(Func<bool> isOver) => Eventually.UntilAsync(
            async () =>
            {
                await _driver.Get<PoisonSweep>().RunAsync(queue.Name, TimeSpan.FromSeconds(1), CancellationToken.None);
                return isOver();
            },
            TimeSpan.FromMinutes(1),
            "the message is handled");
    }

    [Fact]
    public async Task A_chunk_that_is_being_worked_on_gets_no_strike_and_its_message_comes_again()
    {
        var batch = await ValidatedAsync(120);
        var held = (await ChunkAsync(batch)).Claim(_time.GetUtcNow().AddSeconds(30));
        Assert.NotNull(await _driver.Chunks.TryUpdateAsync(held, CancellationToken.None));
        await Poison.ChunkAsync(batch.Key, 0, CancellationToken.None);
        var after = await ChunkAsync(batch);
        Assert.Equal((0, held.Owner), (after.Strikes, after.Owner));
        Assert.Equal(1, _driver.Sent.Of(BatchMessageKind.Chunk));
    }

    [Fact]
    public async Task Nothing_is_done_about_what_has_ended_or_gone()
    {
        var batch = await ValidatedAsync(120);
        await _driver.Get<ChunkWork>().RunAsync(batch.Key, 0, CancellationToken.None);
        await _driver.ClearAsync();
        await Poison.ChunkAsync(batch.Key, 0, CancellationToken.None);
        await _driver.Get<BatchFinish>().GiveUpAsync(batch.Key, BatchFailures.NotClosed, CancellationToken.None);
        await Poison.ChunkAsync(batch.Key, 1, CancellationToken.None);
        await Poison.ValidateAsync(batch.Key, CancellationToken.None);
        await Poison.AdvanceAsync(batch.Key, CancellationToken.None);
        var gone = new BatchKey(BatchDriver.Tenant, BatchFunctions.Ids.IdKind.Batch.New(_time.GetUtcNow()));
        await Poison.ChunkAsync(gone, 0, CancellationToken.None);
        await Poison.ValidateAsync(gone, CancellationToken.None);
        await Poison.AdvanceAsync(gone, CancellationToken.None);
        Assert.All(QueueNames.Working, queue => Assert.Equal(0, _driver.WaitingAsync(queue).GetAwaiter().GetResult()));
    }

    [Fact]
    public async Task A_validation_that_fails_three_times_over_fails_the_batch_and_clears_it_away()
    {
        var batch = await _driver.CreateAsync(120);
        await _driver.ClearAsync();
        for (var strike = 1; strike <= 2; strike++)
        {
            await Poison.ValidateAsync(batch.Key, CancellationToken.None);
            Assert.Equal(BatchStatus.Validating, (await _driver.ReadAsync(batch)).Status);
            Assert.Equal(strike, _driver.Sent.Of(BatchMessageKind.Validate));
            _time.Advance(Chunk.StrikesApart);
        }

        await Poison.ValidateAsync(batch.Key, CancellationToken.None);
        var failed = await _driver.ReadAsync(batch);
        Assert.Equal(BatchStatus.Failed, failed.Status);
        Assert.Equal("internal_error", Assert.Single(failed.Errors).Code);
        Assert.Empty(await _driver.Get<ActiveBatchStore>().ListAsync(CancellationToken.None).ToListAsync());
    }

    [Fact]
    public async Task A_poisoned_advance_fails_nothing_and_is_made_by_the_sweep()
    {
        var batch = await ValidatedAsync(120);
        await _driver.Get<ChunkWork>().RunAsync(batch.Key, 0, CancellationToken.None);
        await _driver.ClearAsync();
        Assert.Equal(0, (await _driver.ReadAsync(batch)).Counts.Completed);
        await Poison.AdvanceAsync(batch.Key, CancellationToken.None);
        var advanced = await _driver.ReadAsync(batch);
        Assert.Equal((BatchStatus.InProgress, 100), (advanced.Status, advanced.Counts.Completed));
        Assert.Equal(0, _driver.Sent.Of(BatchMessageKind.Advance));
    }

    [Fact]
    public async Task A_poisoned_sweep_leaves_the_chain_whole()
    {
        await Poison.SweepAsync(CancellationToken.None);
        Assert.Equal(1, _driver.Sent.Of(BatchMessageKind.Sweep));
    }

    [Fact]
    public async Task The_sweep_takes_up_what_is_on_a_poison_queue_and_removes_what_cannot_be_read()
    {
        var batch = await ValidatedAsync(120);
        var queue = _driver.Storage.Queues.GetQueueClient(QueueNames.Chunk + QueueNames.PoisonSuffix);
        await queue.SendMessageAsync(BatchMessage.OfChunk(batch.Key, 0).ToString());
        await queue.SendMessageAsync("no message");

        await _driver.Jobs.SweepTimerAsync(CancellationToken.None);

        Assert.Equal(1, (await ChunkAsync(batch)).Strikes);
        Assert.Equal(1, _driver.Sent.Of(BatchMessageKind.Chunk));
        Assert.Equal(0, await _driver.WaitingAsync(queue.Name));
    }

    [Fact]
    public async Task More_messages_than_one_request_fetches_are_handled_in_one_sweep()
    {
        var queue = _driver.Storage.Queues.GetQueueClient(QueueNames.Steps + QueueNames.PoisonSuffix);
        for (var i = 0; i < 70; i++)
        {
            await queue.SendMessageAsync("""{"v":1,"k":"advance","t":"local","b":"batch_00000000000000000000000000000000"}""");
        }

        await _driver.Jobs.SweepTimerAsync(CancellationToken.None);

        Assert.Equal(0, await _driver.WaitingAsync(queue.Name));
    }

    /// <summary>A newer version's batch is refused each time. It may stop nothing else.</summary>
    [Fact]
    public async Task A_poisoned_message_that_cannot_be_handled_stops_neither_the_others_nor_what_comes_after_them()
    {
        var hopeless = await ValidatedAsync(120);
        var other = await ValidatedAsync(120);
        foreach (var batch in new[] { hopeless, other })
        {
            // One strike is left to each.
            Assert.NotNull(await _driver.Chunks.TryUpdateAsync((await ChunkAsync(batch)) with { Strikes = 2 }, CancellationToken.None));
        }

        await SpoilAsync(hopeless, "Version", 2);
        var expired = new BlobLocation(ContainerNames.Files, "local/expired");
        await _driver.Get<ExpiringStore>().AddAsync(
            new ExpiringEntry(ExpiringKind.Manifest, "local", "batch_1", expired, _time.GetUtcNow()), CancellationToken.None);
        await _driver.Storage.Blobs.GetBlobContainerClient(expired.Container).GetBlobClient(expired.Name).UploadAsync(new BinaryData("old"));
        var queue = _driver.Storage.Queues.GetQueueClient(QueueNames.Chunk + QueueNames.PoisonSuffix);
        await queue.SendMessageAsync(BatchMessage.OfChunk(hopeless.Key, 0).ToString());
        await queue.SendMessageAsync(BatchMessage.OfChunk(other.Key, 0).ToString());
        await _driver.Get<BatchQueues>().AskSweepAsync(delay: null, CancellationToken.None);
        _driver.Sent.Forget();

        var ticket = await _driver.TicketAsync();
        await _driver.Get<BatchSweep>().TakeUpAsync(new BatchMessage { Ticket = ticket }, CancellationToken.None);

        Assert.True((await ChunkAsync(other)).Ended);
        Assert.False(await _driver.Storage.Blobs.GetBlobContainerClient(expired.Container).GetBlobClient(expired.Name).ExistsAsync());
        Assert.Equal(1, _driver.Sent.Of(BatchMessageKind.Sweep));
        Assert.Equal(1, await _driver.WaitingAsync(queue.Name));
    }

    [Fact]
    public async Task A_poisoned_validation_of_a_batch_that_runs_is_no_failed_validation()
    {
        var batch = await ValidatedAsync(120);

        await Poison.ValidateAsync(batch.Key, CancellationToken.None);

        Assert.Equal((BatchStatus.InProgress, 0), ((await _driver.ReadAsync(batch)).Status, (await _driver.ReadAsync(batch)).Strikes));
        Assert.Equal((0, 2), (_driver.Sent.Of(BatchMessageKind.Validate), _driver.Sent.Of(BatchMessageKind.Chunk)));
        Assert.DoesNotContain(_logs.Records, record => record.Text.Contains("validation of batch", StringComparison.Ordinal));
        Assert.Contains(_logs.Records, record => record.Text.Contains("what follows validation is sent again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_poisoned_advance_that_fails_to_the_last_gives_its_batch_up()
    {
        var (batch, queue) = await PoisonedAdvanceAsync();

        await Eventually.UntilAsync(
            async () =>
            {
                await _driver.Get<PoisonSweep>().RunAsync(queue.Name, TimeSpan.FromSeconds(1), CancellationToken.None);
                return await _driver.WaitingAsync(queue.Name) == 0;
            },
            TimeSpan.FromMinutes(1),
            "the message has used up its lives");

        var failed = await _driver.ReadAsync(batch);
        Assert.Equal((BatchStatus.Failed, "internal_error"), (failed.Status, Assert.Single(failed.Errors).Code));
        Assert.NotNull(failed.FailedAt);
        Assert.Single(_logs.Records, record => record.Text.Contains("could not be handled, at its try", StringComparison.Ordinal));
        Assert.Single(_logs.Records, record => record.Text.Contains("has failed to the last", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_chunk_that_is_struck_out_is_closed_and_never_sent_again()
    {
        var batch = await ValidatedAsync(120);
        Assert.NotNull(await _driver.Chunks.TryUpdateAsync((await ChunkAsync(batch)).Strike(3, _time.GetUtcNow()), CancellationToken.None));

        await _driver.Get<ChunkWork>().RunAsync(batch.Key, 0, CancellationToken.None);

        var closed = await ChunkAsync(batch);
        Assert.Equal((true, 100), (closed.Ended, closed.Failed));
        Assert.Empty(_upstream.Calls);
    }

    private async Task SpoilAsync(Batch batch, string column, object value)
    {
        var table = _driver.Storage.Tables.GetTableClient(TableNames.Batches);
        var (partition, key) = BatchRow.KeysOf(batch.Key);
        TableEntity row = await table.GetEntityAsync<TableEntity>(partition, key);
        row[column] = value;
        await table.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace);
    }

    /// <summary>A message in the poison queue that advances a batch, and fails: the row of the batch's output file cannot be read.</summary>
    private async Task<(Batch Batch, QueueClient Queue)> PoisonedAdvanceAsync()
    {
        var batch = await ValidatedAsync(120);
        await _driver.Get<ChunkWork>().RunAsync(batch.Key, 0, CancellationToken.None);
        await _driver.ClearAsync();
        var output = ResultFiles.IdOf(await _driver.ReadAsync(batch), ResultFile.Output);
        await _driver.Storage.Tables.GetTableClient(TableNames.Files)
            .AddEntityAsync(new TableEntity(BatchDriver.Tenant, IdKind.File.RowKeyOf(output)) { ["Bytes"] = "no number" });
        Assert.NotNull(await _driver.Batches.MutateAsync(
            batch.Key, current => current.Finalize(BatchStatus.Expired, _time.GetUtcNow()), CancellationToken.None));
        var queue = _driver.Storage.Queues.GetQueueClient(QueueNames.Steps + QueueNames.PoisonSuffix);
        await queue.SendMessageAsync(BatchMessage.Of(BatchMessageKind.Advance, batch.Key).ToString());
        return (batch, queue);
    }

    /// <summary>A batch whose chunks stand, and whose chunk messages are lost.</summary>
    private async Task<Batch> ValidatedAsync(int lines)
    {
        var batch = await _driver.CreateAsync(lines);
        await _driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);
        await _driver.ClearAsync();
        return batch;
    }

    /// <summary>A run of the first chunk that comes to nothing.</summary>
    private async Task FailAsync(Batch batch, TimeSpan? takes = null)
    {
        var now = _time.GetUtcNow();
        var claimed = await _driver.Chunks.TryUpdateAsync((await ChunkAsync(batch)).Claim(now), CancellationToken.None);
        Assert.NotNull(await _driver.Chunks.TryUpdateAsync(claimed!.Release(now), CancellationToken.None));
        _time.Advance(takes ?? Chunk.StrikesApart);
    }

    private async Task<Chunk> ChunkAsync(Batch batch) =>
        (await _driver.Chunks.FindAsync(batch.Id, 0, CancellationToken.None))!;
}
