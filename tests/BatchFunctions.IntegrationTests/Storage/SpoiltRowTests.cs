using Azure.Data.Tables;
using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Http;
using BatchFunctions.Ids;
using BatchFunctions.IntegrationTests.Api;
using BatchFunctions.IntegrationTests.Processing;
using BatchFunctions.Processing;
using BatchFunctions.Receivers;
using BatchFunctions.Storage;
using BatchFunctions.Testing;
using BatchFunctions.Webhooks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

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
    public async Task A_row_that_cannot_be_read_is_not_written_by_whoever_retries_its_batch_or_removes_a_retry_of_it()
    {
        await StartAsync();
        _upstream.Answer(call => call.Marker == "m1" ? ScriptedAnswer.Error(400) : ScriptedAnswer.Chat(call));
        var batch = await Driver.RunToEndAsync(await Driver.CreateAsync(3));
        var retry = await Driver.WaitForEndAsync(
            (await Driver.Get<BatchRetry>().TryRetryAsync(batch.Key, new RetryRequest([], null, null, null), CancellationToken.None))!);
        var (partition, key) = BatchRow.KeysOf(batch.Key);
        var status = await SpoilAsync(TableNames.Batches, partition, key, "Status", "novel");
        var table = Driver.Storage.Tables.GetTableClient(TableNames.Batches);
        TableEntity before = await table.GetEntityAsync<TableEntity>(partition, key);

        foreach (var one in new[] { batch, retry })
        {
            var e = await Assert.ThrowsAsync<ApiException>(
                () => Driver.Get<BatchRetry>().TryRetryAsync(one.Key, new RetryRequest([], null, null, null), CancellationToken.None));
            Assert.Equal(409, e.Error.Status);
            Assert.Contains($"{batch.Id} cannot be read", e.Error.Message, StringComparison.Ordinal);
        }

        await Assert.ThrowsAsync<UnreadableRowException>(() => Driver.Batches.NoteRetriesAsync(
            batch.Key, (_, _) => Task.FromResult<IReadOnlyList<string>>([retry.Id, retry.Id]), CancellationToken.None));
        await Assert.ThrowsAsync<UnreadableRowException>(() => Driver.Batches.TryBuryAsync(
            batch.Key, (_, _) => Task.CompletedTask, CancellationToken.None));
        Assert.True(await Driver.Get<BatchDeletion>().TryDeleteAsync(retry.Key, CancellationToken.None));
        Assert.NotNull(await Driver.RemovalAnHourLater().SettleAsync(retry.Key, CancellationToken.None));
        Assert.Null(await Driver.Batches.FindAnyAsync(retry.Key, CancellationToken.None));

        TableEntity after = await table.GetEntityAsync<TableEntity>(partition, key);
        Assert.Equal(before.OrderBy(column => column.Key), after.OrderBy(column => column.Key));
        await SpoilAsync(TableNames.Batches, partition, key, "Status", status);
        Assert.Equal(batch.Counts, (await Driver.ReadAsync(batch)).Counts);
        Assert.Empty(Driver.Faults);
    }

    [Fact]
    public async Task A_chunk_that_stands_for_a_row_that_cannot_be_read_is_not_written()
    {
        await StartAsync();
        var batch = await Driver.CreateAsync(250);
        await Driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);
        await SpoilAsync(TableNames.Chunks, batch.Id, ChunkRow.RowKeyOf(1), "Offset", "here");
        var chunk = await Driver.Chunks.FindAsync(batch.Id, 1, CancellationToken.None);

        await Assert.ThrowsAsync<UnreadableRowException>(() => Driver.Chunks.TryUpdateAsync(chunk!, CancellationToken.None));
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

    [Fact]
    public async Task A_webhook_whose_row_cannot_be_read_keeps_neither_batches_from_their_end_nor_others_from_being_told()
    {
        await StartAsync(new Dictionary<string, string?> { ["Batch:Webhooks:AllowedHosts"] = "127.0.0.1" });
        var (spoilt, good) = (await AddWebhookAsync(), await AddWebhookAsync());
        await SpoilAsync(TableNames.Webhooks, BatchDriver.Tenant, IdKind.Webhook.RowKeyOf(spoilt.Id), "Events", 7);

        var ended = await Driver.RunToEndAsync(await Driver.CreateAsync(3));
        await Driver.RunToEndAsync(await Driver.CreateAsync(3));

        Assert.Equal(BatchStatus.Completed, ended.Status);
        Assert.All(await ListAsync(), delivery => Assert.Equal(good.Id, delivery.WebhookId));
        Assert.Equal(2, (await ListAsync()).Count);
        Assert.Contains(spoilt.Id, Assert.Single(Complaints), StringComparison.Ordinal);
        Assert.Empty(Driver.Faults);
        var shown = (await Driver.Get<WebhookStore>().FindAsync(BatchDriver.Tenant, spoilt.Id, CancellationToken.None))!;
        Assert.Equal(("disabled", "unreadable", spoilt.Url), new WebhookObject(shown) is var one ? (one.Status, one.DisabledReason, one.Url) : default);

        // It is not written.
        await Driver.Get<WebhookStore>().MutateAsync(BatchDriver.Tenant, spoilt.Id, webhook => webhook.Enable(), CancellationToken.None);
        await SpoilAsync(TableNames.Webhooks, BatchDriver.Tenant, IdKind.Webhook.RowKeyOf(spoilt.Id), "Events", "batch.completed");
        Assert.Equal(spoilt.Secret, (await Driver.Get<WebhookStore>().FindAsync(BatchDriver.Tenant, spoilt.Id, CancellationToken.None))!.Secret);
    }

    [Fact]
    public async Task A_delivery_whose_row_cannot_be_read_is_shown_as_failed_and_goes_in_time()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await StartAsync(configure: services => services.AddSingleton<TimeProvider>(time));
        var webhook = await AddWebhookAsync();
        var batch = ApiDriver.BatchOf(BatchDriver.Tenant, time.GetUtcNow()).Finalize(BatchStatus.Completed, time.GetUtcNow())
            .End(new BatchEnd(BatchStatus.Completed, time.GetUtcNow(), null, null, default, default));
        var events = Driver.Get<BatchEvents>();
        await events.AnnounceAsync(batch, since: null, CancellationToken.None);
        var delivery = Assert.Single(await ListAsync());
        await SpoilAsync(TableNames.Deliveries, BatchDriver.Tenant, IdKind.Delivery.RowKeyOf(delivery.Id), "Status", "novel");

        await events.AnnounceAsync(batch, since: null, CancellationToken.None);
        Assert.Equal(("failed", "unreadable", webhook.Id), new DeliveryObject(Assert.Single(await ListAsync())) is var one ? (one.Status, one.LastError, one.WebhookId) : default);
        Assert.Null(await Driver.Get<DeliveryStore>().TryUpdateAsync((await ListAsync())[0].Again(time.GetUtcNow()), CancellationToken.None));
        time.Advance(TimeSpan.FromMinutes(5));
        await Driver.Get<Expiry>().RunDueAsync(CancellationToken.None);
        Assert.Single(await ListAsync());
        time.Advance(DeliverySchedule.Life);
        await Driver.Get<Expiry>().RunDueAsync(CancellationToken.None);
        Assert.Empty(await ListAsync());
    }

    private Task<Webhook> AddWebhookAsync() => Driver.Get<WebhookStore>().InsertAsync(
        new Webhook
        {
            Tenant = BatchDriver.Tenant,
            Id = IdKind.Webhook.New(DateTimeOffset.UtcNow),
            Url = new Uri(_upstream.Address, "/events").ToString(),
            Secret = ReceiverSecret.New(),
            Events = EventTypes.All,
        },
        CancellationToken.None);

    private async Task<IReadOnlyList<Delivery>> ListAsync() =>
        (await Driver.Get<DeliveryStore>().ListAsync(BatchDriver.Tenant, new DeliveryListing(null, 100, null, null, null), CancellationToken.None)).Deliveries;

    private async Task<object> SpoilAsync(string name, string partition, string key, string column, object value)
    {
        var table = Driver.Storage.Tables.GetTableClient(name);
        TableEntity row = await table.GetEntityAsync<TableEntity>(partition, key);
        var before = row[column];
        row[column] = value;
        await table.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace);
        return before;
    }

    private async Task StartAsync(Dictionary<string, string?>? settings = null, Action<IServiceCollection>? configure = null)
    {
        await _upstream.StartAsync();
        _driver = await BatchDriver.StartAsync(
            TestStorage.NewStrictAccount(),
            _upstream.Address,
            settings,
            services =>
            {
                services.AddLogging(logging => logging.AddProvider(_logs));
                configure?.Invoke(services);
            });
    }
}
