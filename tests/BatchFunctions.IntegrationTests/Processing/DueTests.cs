using Azure.Core;
using Azure.Data.Tables;
using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Configuration;
using BatchFunctions.Ids;
using BatchFunctions.Processing;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>When the sweep looks at a batch, and when it lets it rest: a lease and a sweep of a minute each.</summary>
public sealed class DueTests : SweptTest
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task A_sweep_over_hundreds_of_batches_at_rest_asks_for_their_rows_and_nothing_else()
    {
        await AddResting(500);
        await Driver.Get<BatchIndexing>().RunAsync(static () => true, CancellationToken.None);
        Counts.Clear();

        await SweepAsync(TimeSpan.Zero);

        // A page has as many rows as the storage likes, and no request is for any one of them.
        Assert.Equal(Counts.Requests.Where(pair => pair.Key.Contains("activebatches", StringComparison.Ordinal)).Sum(pair => pair.Value), OfTables());
        Assert.DoesNotContain(Counts.Requests, pair => pair.Key.StartsWith("PATCH activebatches", StringComparison.Ordinal));
        Assert.DoesNotContain(Counts.Requests, pair => pair.Key.Contains(" batches ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_quiet_sweep_asks_for_three_requests_and_three_for_its_message()
    {
        Driver.Get<IOptions<BatchOptions>>().Value.RestingForQuiet = 20;
        await AddResting(20);
        await Driver.Get<BatchQueues>().AskSweepAsync(TimeSpan.Zero, CancellationToken.None);
        await Driver.Get<BatchSweep>().TakeUpAsync(await MessageAsync(null), CancellationToken.None);
        Assert.Equal(TimeSpan.FromMinutes(1), Driver.Sent.Delays[BatchMessageKind.Sweep]);
        Time.Advance(TimeSpan.FromSeconds(40));
        Counts.Clear();

        await Driver.Get<BatchSweep>().TakeUpAsync(
            await MessageAsync(Time.GetUtcNow() + TimeSpan.FromSeconds(20)), CancellationToken.None);

        // The batches that are due, advances that are late, and the pending row taken and made; the next message.
        Assert.Equal(1, Counts.Use.Messages);
        Assert.Equal(
            ["activebatches", "batch-steps", "pending"], Counts.Requests.Keys.Select(request => request.Split(' ')[1]).Distinct().Order(StringComparer.Ordinal));
        Assert.InRange(Counts.Use.Tables, 4, 6);
        Assert.Equal(TimeSpan.FromSeconds(20), Driver.Sent.Delays[BatchMessageKind.Sweep]);
    }

    [Fact]
    public async Task A_batch_whose_chunks_wait_is_let_rest_until_the_first_of_them_may_be_forsaken()
    {
        var batch = await ValidatedAsync();
        await ChangeAsync(batch, 0, chunk => chunk.Claim(Time.GetUtcNow()).Release(Time.GetUtcNow().AddMinutes(20)));
        await ChangeAsync(batch, 1, chunk => chunk.Claim(Time.GetUtcNow()).Release(Time.GetUtcNow().AddMinutes(30)));
        var began = Time.GetUtcNow();
        await SweepAsync(Lease);
        Assert.True((await RowAsync(batch)).LookAt <= Time.GetUtcNow(), "it is young");

        await SweepAsync(Lease + Lease);

        // Before that, since nothing has come of it, its messages would be sent again.
        Assert.InRange((await RowAsync(batch)).LookAt!.Value, began.AddMinutes(9), began.AddMinutes(10));
        await SweepAsync(TimeSpan.FromMinutes(7));
        Assert.InRange((await RowAsync(batch)).LookAt!.Value, began.AddMinutes(20.4), began.AddMinutes(20.6));
        Driver.Sent.Forget();
        await SweepAsync(TimeSpan.FromMinutes(10));
        Assert.Equal(0, Driver.Sent.Of(BatchMessageKind.Chunk));
        await SweepAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(1, Driver.Sent.Of(BatchMessageKind.Chunk));
    }

    /// <summary>A process may be suspended between the rows of the chunks and the batch's: then they are old when the batch begins.</summary>
    [Fact]
    public async Task A_batch_is_let_rest_no_longer_than_until_its_first_chunks_count_as_unclaimed()
    {
        var batch = await ValidatedAsync();
        Time.Advance(Lease * 3);
        var began = Time.GetUtcNow();
        await Driver.Batches.MutateAsync(batch.Key, current => current with { InProgressAt = began }, CancellationToken.None);
        Driver.Sent.Forget();

        await SweepAsync(TimeSpan.FromSeconds(1));
        Assert.True((await RowAsync(batch)).LookAt <= began + Driver.Get<IOptions<BatchOptions>>().Value.WakeUpLost, $"{(await RowAsync(batch)).LookAt}");
    }

    [Theory]
    [InlineData(nameof(ProtocolStep.LookMoved))]
    [InlineData(nameof(ProtocolStep.ChunkClaimed))]
    public async Task Whoever_dies_about_a_claim_of_a_batch_at_rest_is_found_a_lease_later(string step)
    {
        var batch = await RestingAsync();
        Steps.CrashAt(Enum.Parse<ProtocolStep>(step));
        await Assert.ThrowsAsync<SimulatedCrashException>(() =>
            Driver.Get<ChunkWork>().RunAsync(batch.Key, 0, goesOn: true, CancellationToken.None));
        Assert.Equal(1, Steps.Reached[ProtocolStep.LookMoved]);
        Assert.InRange((await RowAsync(batch)).LookAt!.Value, Time.GetUtcNow(), Time.GetUtcNow() + Lease);

        await SweepAsync(Lease - TimeSpan.FromSeconds(1));
        Assert.Equal(0, Driver.Sent.Of(BatchMessageKind.Chunk));
        await SweepAsync(TimeSpan.FromSeconds(1));

        if (step == nameof(ProtocolStep.ChunkClaimed))
        {
            Assert.Equal(1, Driver.Sent.Of(BatchMessageKind.Chunk));
        }
        else
        {
            // Nothing was claimed, and the message, which comes again, is as good as before.
            await Driver.Get<ChunkWork>().RunAsync(batch.Key, 0, goesOn: true, CancellationToken.None);
            Assert.Equal(BatchStatus.Completed, (await Driver.ReadAsync(batch)).Status);
        }
    }

    [Fact]
    public async Task A_sweep_that_saw_nothing_yet_does_not_let_a_batch_rest_that_has_been_claimed_meanwhile()
    {
        var batch = await ValidatedAsync();
        await ChangeAsync(batch, 0, chunk => chunk.Claim(Time.GetUtcNow()).Release(Time.GetUtcNow().AddMinutes(20)));
        await ChangeAsync(batch, 1, chunk => chunk.Claim(Time.GetUtcNow()).Release(Time.GetUtcNow().AddMinutes(20)));
        Time.Advance(Lease * 3);
        var before = await RowAsync(batch);
        await Driver.Get<ChunkRuns>().TryClaimAsync((await Driver.Chunks.FindAsync(batch.Id, 0, default))!, CancellationToken.None);

        Assert.False(await Driver.Get<ActiveBatchStore>().TryRestAsync(
            before, batch.ExpiresAt, "in_progress", 1, batch.CreatedAt, CancellationToken.None));

        await SweepAsync(Lease + TimeSpan.FromSeconds(1));
        Assert.Equal(1, Driver.Sent.Of(BatchMessageKind.Chunk));
    }

    /// <summary>Whoever ended it has died behind that: nobody but the sweep asks for the advance that is left.</summary>
    [Fact]
    public async Task A_batch_whose_last_chunk_ends_as_it_is_about_to_be_woken_is_not_let_rest()
    {
        var batch = await ValidatedAsync();
        await ChangeAsync(batch, 0, chunk => chunk.Claim(Time.GetUtcNow()).End());
        await ChangeAsync(batch, 1, chunk => chunk.Claim(Time.GetUtcNow()).End());
        await ChangeAsync(batch, 2, chunk => chunk.Claim(Time.GetUtcNow()));
        Forestalled.Before(
            request => request.Method == RequestMethod.Put && request.Uri.Path.Contains(TableNames.Chunks, StringComparison.Ordinal),
            () => ChangeAsync(batch, 2, chunk => chunk.End()));
        await SweepAsync(Lease * 3);
        Assert.Equal(0, Driver.Sent.Of(BatchMessageKind.Chunk));
        Driver.Sent.Forget();

        await SweepAsync(Lease);

        Assert.Equal(1, Driver.Sent.Of(BatchMessageKind.Advance));
    }

    [Fact]
    public async Task A_batch_in_work_costs_a_read_and_a_write_of_its_active_row_for_each_lease()
    {
        var batch = await ValidatedAsync();
        Time.Advance(Lease * 2);
        Counts.Clear();
        await Driver.Get<ChunkRuns>().TryClaimAsync((await Driver.Chunks.FindAsync(batch.Id, 0, default))!, CancellationToken.None);
        await Driver.Get<ChunkRuns>().TryClaimAsync((await Driver.Chunks.FindAsync(batch.Id, 1, default))!, CancellationToken.None);
        Assert.Equal(2, OfActiveRows());

        Time.Advance(Lease);
        await Driver.Get<ChunkRuns>().TryClaimAsync((await Driver.Chunks.FindAsync(batch.Id, 2, default))!, CancellationToken.None);
        Assert.Equal(4, OfActiveRows());
    }

    [Fact]
    public async Task A_new_batch_costs_no_request_for_it()
    {
        var batch = await Driver.CreateAsync(1);
        Counts.Clear();
        await Driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);
        Assert.Equal(BatchStatus.Completed, (await Driver.ReadAsync(batch)).Status);

        // It goes when the batch is cleared away, and before that says whom to tell.
        Assert.DoesNotContain(Counts.Requests, pair => pair.Key.StartsWith("PATCH activebatches", StringComparison.Ordinal));
        Assert.False(Steps.Reached.ContainsKey(ProtocolStep.LookMoved));
    }

    [Fact]
    public async Task A_cancel_of_a_batch_at_rest_whose_process_dies_is_seen_a_lease_later()
    {
        var batch = await RestingAsync();
        Steps.CrashAt(ProtocolStep.CancelWritten);
        await Assert.ThrowsAsync<SimulatedCrashException>(() =>
            Driver.Get<BatchCancellation>().CancelAsync(batch.Key, CancellationToken.None));
        Assert.Equal(0, Driver.Sent.Of(BatchMessageKind.Advance));

        await SweepAsync(Lease);

        Assert.Equal(1, Driver.Sent.Of(BatchMessageKind.Advance));
    }

    [Fact]
    public async Task A_row_that_does_not_say_when_to_look_is_looked_at_and_what_is_not_known_of_it_stays()
    {
        var batch = await ValidatedAsync();
        await ChangeAsync(batch, 0, chunk => chunk.Claim(Time.GetUtcNow()).Release(Time.GetUtcNow().AddMinutes(20)));
        await ChangeAsync(batch, 1, chunk => chunk.Claim(Time.GetUtcNow()).Release(Time.GetUtcNow().AddMinutes(20)));
        var table = Driver.Storage.Tables.GetTableClient(TableNames.ActiveBatches);
        var row = (await table.GetEntityAsync<TableEntity>(batch.Tenant, batch.Id)).Value;
        row.Remove("LookAt");
        row["OfAnother"] = "stays";
        await table.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace);

        await SweepAsync(Lease * 3);

        row = (await table.GetEntityAsync<TableEntity>(batch.Tenant, batch.Id)).Value;
        Assert.True(row.GetDateTimeOffset("LookAt") > Time.GetUtcNow());
        Assert.Equal("stays", row.GetString("OfAnother"));
    }

    [Fact]
    public async Task A_row_of_a_newer_version_is_not_written()
    {
        var batch = await ValidatedAsync();
        await ChangeAsync(batch, 0, chunk => chunk.Claim(Time.GetUtcNow()).Release(Time.GetUtcNow().AddMinutes(20)));
        await ChangeAsync(batch, 1, chunk => chunk.Claim(Time.GetUtcNow()).Release(Time.GetUtcNow().AddMinutes(20)));
        var table = Driver.Storage.Tables.GetTableClient(TableNames.ActiveBatches);
        var row = (await table.GetEntityAsync<TableEntity>(batch.Tenant, batch.Id)).Value;
        row["Version"] = 9;
        await table.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace);
        var etag = (await table.GetEntityAsync<TableEntity>(batch.Tenant, batch.Id)).Value.ETag;

        await SweepAsync(Lease * 3);

        Assert.Equal(etag, (await table.GetEntityAsync<TableEntity>(batch.Tenant, batch.Id)).Value.ETag);
    }

    [Fact]
    public async Task At_rest_the_gauges_say_what_they_said_before()
    {
        var batch = await RestingAsync();
        var row = await RowAsync(batch);
        Assert.Equal(("in_progress", 3), (row.Status, row.Lines));
        Assert.Equal((await Driver.ReadAsync(batch)).ProgressAt ?? batch.CreatedAt, row.ProgressAt);
        var seen = new ActiveBatchCensus();
        var now = Time.GetUtcNow();
        seen.AddResting(row, row.LookAt!.Value, now, isCounted: false);
        Assert.Equal(1, seen.ByStatus.Single(pair => pair.Key == "in_progress").Value);
        Assert.Equal((now - row.ProgressAt!.Value, now - row.CreatedAt), (seen.LongestWithoutProgress, seen.OldestAge));
    }

    [Fact]
    public async Task Whoever_begins_something_while_the_next_sweep_is_far_away_takes_it_over_and_the_chain_goes_on()
    {
        var queues = Driver.Get<BatchQueues>();
        await queues.AskQuietSweepAsync(TimeSpan.FromMinutes(5), Time.GetUtcNow().AddMinutes(5), CancellationToken.None);
        var ticket = await Driver.TicketAsync();
        await queues.AskSweepAsync(TimeSpan.FromSeconds(30), CancellationToken.None);
        Assert.Equal(TimeSpan.FromSeconds(30), Driver.Sent.Delays[BatchMessageKind.Sweep]);
        Assert.NotEqual(ticket, await Driver.TicketAsync());

        // The one that was there is a copy now; the one in its place is followed by another, even though nothing is active.
        var sweep = Driver.Get<BatchSweep>();
        Driver.Sent.Forget();
        await sweep.TakeUpAsync(new BatchMessage { Kind = BatchMessageKind.Sweep, Ticket = ticket }, CancellationToken.None);
        Assert.Equal(0, Driver.Sent.Of(BatchMessageKind.Sweep));
        await sweep.TakeUpAsync((await MessageAsync(null)) with { IsTakenOver = true }, CancellationToken.None);
        Assert.Equal(1, Driver.Sent.Of(BatchMessageKind.Sweep));
        await sweep.TakeUpAsync(await MessageAsync(null), CancellationToken.None);
        Assert.Equal(1, Driver.Sent.Of(BatchMessageKind.Sweep));
    }

    private async Task<BatchMessage> MessageAsync(DateTimeOffset? quietUntil) => new()
    {
        Kind = BatchMessageKind.Sweep,
        Ticket = await Driver.TicketAsync(),
        QuietUntil = quietUntil?.ToUnixTimeMilliseconds(),
    };

    /// <summary>A batch of three chunks whose messages are lost.</summary>
    private async Task<Batch> ValidatedAsync()
    {
        var batch = await Driver.CreateAsync(250);
        await Driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);
        await Driver.LoseBehindAnotherAsync(batch);
        return await Driver.ReadAsync(batch);
    }

    /// <summary>A batch of three lines, its one chunk kept for an hour, which the sweep has let rest.</summary>
    private async Task<Batch> RestingAsync()
    {
        var batch = await Driver.CreateAsync(3);
        Steps.CrashAt(ProtocolStep.InProgressWritten);
        await Assert.ThrowsAsync<SimulatedCrashException>(() => Driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None));
        await ChangeAsync(batch, 0, chunk => chunk.Release(Time.GetUtcNow().AddHours(1)));
        await SweepAsync(Lease * 3);
        await Driver.ClearAsync();
        Assert.True((await RowAsync(batch)).RestsAt(Time.GetUtcNow() + Lease));
        return await Driver.ReadAsync(batch);
    }

    /// <summary>Rows of batches that rest: no other row of theirs is there, so whoever looked at one would take it for an orphan.</summary>
    private async Task AddResting(int count)
    {
        var table = Driver.Storage.Tables.GetTableClient(TableNames.ActiveBatches);
        var at = Time.GetUtcNow().AddHours(-1);
        var rows = Enumerable.Range(0, count).Select(number => ActiveBatchRow.NewOf(
            new ActiveBatch(new BatchKey(BatchDriver.Tenant, IdKind.Batch.New(at)), "file-0", at) { Status = "in_progress", Lines = number })).ToList();
        rows.ForEach(row => row["LookAt"] = at.AddDays(1));
        foreach (var group in rows.Chunk(100))
        {
            await table.SubmitTransactionAsync(group.Select(row => new TableTransactionAction(TableTransactionActionType.Add, row)));
        }
    }

    private int OfTables() => Counts.Requests
        .Where(pair => TableNames.All.Any(table => table is TableNames.ActiveBatches or TableNames.Batches or TableNames.Chunks
            && pair.Key.Contains($" {table} ", StringComparison.Ordinal)))
        .Sum(pair => pair.Value);

    private int OfActiveRows() => Counts.Requests
        .Where(pair => pair.Key.Contains($" {TableNames.ActiveBatches} ", StringComparison.Ordinal)).Sum(pair => pair.Value);

    private async Task<ActiveBatch> RowAsync(Batch batch) =>
        await Driver.Get<ActiveBatchStore>().FindAsync(batch.Key, CancellationToken.None) ?? throw new InvalidOperationException("No such row.");

    private async Task ChangeAsync(Batch batch, int number, Func<Chunk, Chunk> change)
    {
        var chunk = await Driver.Chunks.FindAsync(batch.Id, number, CancellationToken.None);
        Assert.NotNull(await Driver.Chunks.TryUpdateAsync(change(chunk!), CancellationToken.None));
    }

    private async Task SweepAsync(TimeSpan after)
    {
        Time.Advance(after);
        await Driver.Get<BatchQueues>().AskSweepAsync(TimeSpan.Zero, CancellationToken.None);
        await Driver.Get<BatchSweep>().TakeUpAsync(await MessageAsync(null), CancellationToken.None);
    }
}
