using Azure.Data.Tables;
using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.IntegrationTests.Processing;
using BatchFunctions.Processing;
using BatchFunctions.Storage;
using BatchFunctions.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BatchFunctions.IntegrationTests.Storage;

/// <summary>Rows that cannot be read: they keep nobody from the rows beside them, are said once, and have an end.</summary>
public sealed class SpoiltRowTests : IAsyncDisposable
{
    private readonly RecordedLogs _logs = new();
    private readonly ScriptedUpstream _upstream = new();
    private BatchDriver? _driver;

    private BatchDriver Driver => _driver!;

    private IEnumerable<string> Complaints =>
        _logs.Records.Where(record => record.Level >= LogLevel.Warning).Select(record => record.Text);

    public async ValueTask DisposeAsync()
    {
        if (_driver is not null)
        {
            await _driver.DisposeAsync();
        }

        await _upstream.DisposeAsync();
        _logs.Dispose();
    }

    [Fact]
    public async Task A_chunk_whose_row_cannot_be_read_fails_its_batch_in_time_with_the_results_of_the_others()
    {
        await StartAsync(new Dictionary<string, string?> { ["Batch:LastResort"] = "00:00:03" });
        var batch = await Driver.CreateAsync(250);
        await Driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);
        await Driver.SpoilAsync(TableNames.Chunks, batch.Id, ChunkRow.RowKeyOf(1), "Offset", "here");

        var failed = await Driver.RunToEndAsync(batch);

        Assert.Equal((BatchStatus.Failed, "internal_error"), (failed.Status, Assert.Single(failed.Errors).Code));
        Assert.Equal(new RequestCounts(250, 150, 0), failed.Counts);
        Assert.Equal(150, (await Driver.ReadResultsAsync(failed.OutputFileId)).Count);
        Assert.Empty(Driver.Faults);
        Assert.Single(Complaints, text => text.Contains("chunk 1: its row cannot be read", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_batch_whose_row_cannot_be_read_is_shown_as_failed_and_goes_on_when_it_is_mended()
    {
        await StartAsync();
        var other = await Driver.CreateAsync(3);
        var batch = await Driver.CreateAsync(250);
        await Driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);
        var (partition, key) = BatchRow.KeysOf(batch.Key);
        var status = await Driver.SpoilAsync(TableNames.Batches, partition, key, "Status", "novel");

        var shown = await Driver.ReadAsync(batch);
        Assert.Equal((BatchStatus.Failed, "internal_error"), (shown.Status, Assert.Single(shown.Errors).Code));
        var page = await Driver.Batches.ListAsync(BatchDriver.Tenant, null, 20, CancellationToken.None);
        Assert.Equal([batch.Id, other.Id], page.Batches.Select(one => one.Id));
        Assert.Equal("failed", new BatchObject(page.Batches[0]).Status);

        // Nothing is done about it, and nothing of it is thrown away.
        await Driver.Jobs.SweepTimerAsync(CancellationToken.None);
        await Driver.Jobs.SweepTimerAsync(CancellationToken.None);
        await Driver.Get<BatchAdvance>().AdvanceAsync(batch.Key, CancellationToken.None);
        await Driver.Get<ChunkWork>().RunAsync(batch.Key, 0, CancellationToken.None);
        await Driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);
        Assert.Single(Complaints, text => text.Contains(batch.Id, StringComparison.Ordinal));
        Assert.Equal(3, await Driver.Chunks.ListAsync(batch.Id, CancellationToken.None).CountAsync());

        await Driver.SpoilAsync(TableNames.Batches, partition, key, "Status", status);
        var ended = await Driver.RunToEndAsync(batch);
        Assert.Equal(BatchStatus.Completed, ended.Status);
        await Driver.AssertPromiseAsync(ended, 250);
        Assert.Empty(Driver.Faults);
    }

    [Fact]
    public async Task A_batch_whose_row_is_not_mended_is_cleared_away_after_its_deadline()
    {
        await StartAsync(new Dictionary<string, string?> { ["Batch:CompletionWindow"] = "00:00:01", ["Batch:LastResort"] = "00:00:01" });
        var batch = await Driver.CreateAsync(3);
        var (partition, key) = BatchRow.KeysOf(batch.Key);
        await Driver.SpoilAsync(TableNames.Batches, partition, key, "Status", "novel");

        var shown = await Driver.RunToEndAsync(batch);

        Assert.Equal(BatchStatus.Failed, shown.Status);
        Assert.Empty(Driver.Faults);
    }

    [Fact]
    public async Task Spoilt_rows_of_the_sweep_keep_it_from_nothing()
    {
        await StartAsync();
        var batch = await Driver.CreateAsync(3);
        await Driver.SpoilAsync(TableNames.ActiveBatches, BatchDriver.Tenant, batch.Id, "CreatedAt", "yesterday");
        var pending = Driver.Storage.Tables.GetTableClient(TableNames.Pending);
        await pending.AddEntityAsync(new TableEntity("advance", "batch_1") { ["AskedAt"] = DateTimeOffset.UtcNow.AddDays(-1) });
        var expiring = Driver.Storage.Tables.GetTableClient(TableNames.Expiring);
        await expiring.AddEntityAsync(new TableEntity("due", "000000000000001_x") { ["Kind"] = "Novelty" });

        await Driver.Jobs.SweepTimerAsync(CancellationToken.None);
        await Driver.Jobs.SweepTimerAsync(CancellationToken.None);

        Assert.Equal([batch.Key], await Driver.Get<ActiveBatchStore>().ListAsync(CancellationToken.None).Select(row => row.Key).ToListAsync());
        Assert.False((await pending.GetEntityIfExistsAsync<TableEntity>("advance", "batch_1")).HasValue);
        Assert.Contains("000000000000001_x", Assert.Single(Complaints), StringComparison.Ordinal);
    }

    private async Task StartAsync(Dictionary<string, string?>? settings = null)
    {
        await _upstream.StartAsync();
        _driver = await BatchDriver.StartAsync(
            TestStorage.NewStrictAccount(),
            _upstream.Address,
            settings,
            services => services.AddLogging(logging => logging.AddProvider(_logs)));
    }
}
