using Azure.Core.Pipeline;
using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Processing;
using BatchFunctions.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>What becomes of batches past their deadline where nothing ran for a day: time counts from when somebody has tried.</summary>
public sealed class LastResortTests : DrivenTest
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly FaultyStorage _storage = new();

    private protected override IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>
    {
        ["Batch:Lease"] = "00:01:00",
        ["Batch:SweepInterval"] = "00:01:00",
        ["Batch:WakeUpLost"] = "00:00:30",
        ["Batch:ProgressLost"] = "00:10:00",
    };

    private protected override void Configure(IServiceCollection services) =>
        services.AddSingleton<TimeProvider>(_time).AddSingleton<HttpPipelinePolicy>(_storage);

    [Theory]
    [InlineData(false, BatchStatus.Expired)]
    [InlineData(true, BatchStatus.Cancelled)]
    public async Task A_batch_whose_deadline_passed_a_day_ago_while_nothing_ran_is_closed_as_any_other(bool isCancelled, object outcome)
    {
        var batch = await ValidatedAsync(isCancelled);

        await SweepAsync(Day + Day);

        var ended = await Driver.RunToEndAsync(batch);
        Assert.Equal(outcome, ended.Status);
        Assert.Equal(new RequestCounts(250, 100, 0), ended.Counts);
        await Driver.AssertPromiseAsync(ended, 250);
    }

    [Theory]
    [InlineData(false, BatchStatus.Expired)]
    [InlineData(true, BatchStatus.Cancelled)]
    public async Task One_that_a_sweep_began_to_close_before_nothing_ran_is_closed_too(bool isCancelled, object outcome)
    {
        var batch = await ValidatedAsync(isCancelled);
        await SweepAsync(Day);
        await Driver.ClearAsync();
        Assert.Equal(_time.GetUtcNow(), (await RowAsync(batch))!.ClosingSince);

        await SweepAsync(Day);

        var ended = await Driver.ReadAsync(batch);
        Assert.Equal(outcome, ended.Status);
        await Driver.AssertPromiseAsync(ended, 250);
        Assert.Null(await RowAsync(batch));
    }

    [Fact]
    public async Task A_batch_that_was_never_validated_expires()
    {
        var batch = await Driver.CreateAsync(250);
        await Driver.ClearAsync();

        await SweepAsync(Day + Day);

        var ended = await Driver.RunToEndAsync(batch);
        Assert.Equal((BatchStatus.Expired, 0), (ended.Status, ended.Counts.Total));
    }

    [Fact]
    public async Task One_that_cannot_be_closed_fails_an_hour_after_the_first_sweep_that_tried()
    {
        var batch = await ValidatedAsync(isCancelled: false);
        var chunk = await Driver.Chunks.FindAsync(batch.Id, 0, CancellationToken.None);
        Assert.NotNull(await Driver.Chunks.TryUpdateAsync(chunk!.Claim(_time.GetUtcNow().AddDays(9)), CancellationToken.None));
        await SweepAsync(Day + Day);
        await SweepAsync(TimeSpan.FromHours(1));
        Assert.Equal(BatchStatus.InProgress, (await Driver.ReadAsync(batch)).Status);

        await SweepAsync(TimeSpan.FromSeconds(1));

        var failed = await Driver.ReadAsync(batch);
        Assert.Equal((BatchStatus.Failed, "internal_error"), (failed.Status, Assert.Single(failed.Errors).Code));
        Assert.Equal(new RequestCounts(250, 100, 0), failed.Counts);
        Assert.Null(await RowAsync(batch));
    }

    /// <summary>Whoever tries to close a chunk and fails leaves it held for a lease: nothing to be closed is not closed in vain.</summary>
    [Fact]
    public async Task One_that_blobs_have_kept_from_being_closed_for_hours_is_closed_when_they_are_back()
    {
        var batch = await ValidatedAsync(isCancelled: false);
        _storage.GoDown(request => FaultyStorage.IsOf(request, ContainerNames.Files) || FaultyStorage.IsOf(request, ContainerNames.Batches));
        await SweepAsync(Day);
        _time.Advance(TimeSpan.FromHours(1));
        await Assert.ThrowsAnyAsync<Exception>(() => AdvanceAsync(batch, TimeSpan.FromMinutes(1)));
        Assert.True(await Driver.Chunks.ListAsync(batch.Id, CancellationToken.None).AnyAsync(chunk => chunk.IsHeld(_time.GetUtcNow())));

        await SweepAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(BatchStatus.InProgress, (await Driver.ReadAsync(batch)).Status);

        _storage.ComeUp();
        await SweepAsync(TimeSpan.FromMinutes(2));
        var ended = await Driver.ReadAsync(batch);
        Assert.Equal(BatchStatus.Expired, ended.Status);
        await Driver.AssertPromiseAsync(ended, 250);
    }

    [Fact]
    public async Task A_batch_whose_row_is_found_spoilt_when_its_deadline_is_long_over_can_be_mended_for_an_hour()
    {
        var batch = await ValidatedAsync(isCancelled: false);
        var (partition, key) = BatchRow.KeysOf(batch.Key);
        var status = await Driver.SpoilAsync(TableNames.Batches, partition, key, "Status", "novel");
        await SweepAsync(Day + Day);
        await SweepAsync(TimeSpan.FromHours(1));
        Assert.Equal(3, await Driver.Chunks.ListAsync(batch.Id, CancellationToken.None).CountAsync());

        await Driver.SpoilAsync(TableNames.Batches, partition, key, "Status", status);
        var ended = await Driver.RunToEndAsync(batch);

        Assert.Equal(BatchStatus.Expired, ended.Status);
        await Driver.AssertPromiseAsync(ended, 250);
    }

    [Fact]
    public async Task One_that_nobody_mends_is_cleared_away()
    {
        var batch = await ValidatedAsync(isCancelled: false);
        var (partition, key) = BatchRow.KeysOf(batch.Key);
        await Driver.SpoilAsync(TableNames.Batches, partition, key, "Status", "novel");
        await SweepAsync(Day + Day);

        await SweepAsync(TimeSpan.FromHours(1) + TimeSpan.FromSeconds(1));

        Assert.Null(await RowAsync(batch));
        Assert.Empty(await Driver.Chunks.ListAsync(batch.Id, CancellationToken.None).ToListAsync());
    }

    [Fact]
    public async Task A_chunk_whose_row_is_found_spoilt_long_after_the_last_progress_can_be_mended_for_an_hour()
    {
        var batch = await ValidatedAsync(isCancelled: false);
        await Driver.Get<ChunkWork>().RunAsync(batch.Key, 0, CancellationToken.None);
        await AdvanceAsync(batch, TimeSpan.Zero);
        var offset = await Driver.SpoilAsync(TableNames.Chunks, batch.Id, ChunkRow.RowKeyOf(2), "Offset", "here");
        Assert.Equal(BatchStatus.InProgress, await AdvanceAsync(batch, TimeSpan.FromHours(5)));
        Assert.Equal(BatchStatus.InProgress, await AdvanceAsync(batch, TimeSpan.FromHours(1)));

        await Driver.SpoilAsync(TableNames.Chunks, batch.Id, ChunkRow.RowKeyOf(2), "Offset", offset);
        await Driver.Get<ChunkWork>().RunAsync(batch.Key, 2, CancellationToken.None);
        Assert.Equal(BatchStatus.Completed, await AdvanceAsync(batch, TimeSpan.Zero));
        await Driver.AssertPromiseAsync(await Driver.ReadAsync(batch), 250);
    }

    [Fact]
    public async Task A_chunk_whose_row_nobody_mends_fails_its_batch_an_hour_after_it_was_found()
    {
        var batch = await ValidatedAsync(isCancelled: false);
        await Driver.Get<ChunkWork>().RunAsync(batch.Key, 0, CancellationToken.None);
        await AdvanceAsync(batch, TimeSpan.Zero);
        await Driver.SpoilAsync(TableNames.Chunks, batch.Id, ChunkRow.RowKeyOf(2), "Offset", "here");
        await AdvanceAsync(batch, TimeSpan.FromHours(5));

        Assert.Equal(BatchStatus.Failed, await AdvanceAsync(batch, TimeSpan.FromHours(1) + TimeSpan.FromSeconds(1)));
    }

    /// <summary>A batch of three chunks, of which the second has ended, and whose messages are lost.</summary>
    private async Task<Batch> ValidatedAsync(bool isCancelled)
    {
        var batch = await Driver.CreateAsync(250);
        await Driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);
        await Driver.Get<ChunkWork>().RunAsync(batch.Key, 1, CancellationToken.None);
        if (isCancelled)
        {
            await Driver.Get<BatchCancellation>().CancelAsync(batch.Key, CancellationToken.None);
        }

        await Driver.ClearAsync();
        return await Driver.ReadAsync(batch);
    }

    private Task SweepAsync(TimeSpan later)
    {
        _time.Advance(later);
        return Driver.Jobs.SweepTimerAsync(CancellationToken.None);
    }

    private async Task<BatchStatus> AdvanceAsync(Batch batch, TimeSpan later)
    {
        _time.Advance(later);
        await Driver.Get<BatchAdvance>().AdvanceAsync(batch.Key, CancellationToken.None);
        return (await Driver.ReadAsync(batch)).Status;
    }

    private Task<ActiveBatch?> RowAsync(Batch batch) => Driver.Get<ActiveBatchStore>().FindAsync(batch.Key, CancellationToken.None);
}
