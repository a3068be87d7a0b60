using Azure.Data.Tables;
using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Files;
using BatchFunctions.Ids;
using BatchFunctions.IntegrationTests.Processing;
using BatchFunctions.Keys;
using BatchFunctions.Processing;
using BatchFunctions.Storage;
using BatchFunctions.Testing;

namespace BatchFunctions.IntegrationTests.Storage;

/// <summary>Two versions of the service on one storage, as in every deployment: neither takes from the other what it wrote.</summary>
public sealed class RowVersionTests : IAsyncLifetime
{
    private ScriptedUpstream _upstream = null!;
    private BatchDriver _driver = null!;

    public async Task InitializeAsync()
    {
        _upstream = await new ScriptedUpstream().StartAsync();
        _driver = await BatchDriver.StartAsync(TestStorage.NewStrictAccount(), _upstream.Address);
    }

    public async Task DisposeAsync()
    {
        await _driver.DisposeAsync();
        await _upstream.DisposeAsync();
    }

    [Fact]
    public async Task Columns_of_a_newer_version_outlive_a_whole_run_by_this_one()
    {
        var batch = await _driver.CreateAsync(120);
        await AddAsync(TableNames.Batches, "Novelty", "batch");
        await AddAsync(TableNames.Files, "Novelty", "file");
        await _driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);
        await AddAsync(TableNames.Chunks, "Novelty", "chunk");
        await _driver.Get<ChunkWork>().RunAsync(batch.Key, 0, CancellationToken.None);
        Assert.Equal(["chunk", "chunk"], await ReadAsync(TableNames.Chunks, "Novelty"));

        var ended = await _driver.RunToEndAsync(batch);
        await _driver.Get<FileStore>().MutateAsync(
            BatchDriver.Tenant, batch.InputFileId, file => file with { Deleted = true }, CancellationToken.None);

        Assert.Equal(BatchStatus.Completed, ended.Status);
        Assert.Equal(["batch"], await ReadAsync(TableNames.Batches, "Novelty"));
        Assert.Contains("file", await ReadAsync(TableNames.Files, "Novelty"));
    }

    [Fact]
    public async Task A_row_of_a_newer_version_is_neither_read_nor_written()
    {
        var batch = await _driver.CreateAsync(120);
        await AddAsync(TableNames.Batches, "Version", 2);

        var refused = await Assert.ThrowsAsync<NewerRowException>(() => _driver.Batches.FindAsync(batch.Key, CancellationToken.None));

        Assert.Contains("version 2; this process knows 1", refused.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<NewerRowException>(() => _driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None));
        await Assert.ThrowsAsync<NewerRowException>(
            () => _driver.Batches.ListAsync(BatchDriver.Tenant, null, 20, CancellationToken.None));
        await Assert.ThrowsAsync<NewerRowException>(
            () => _driver.Get<BatchCancellation>().CancelAsync(batch.Key, CancellationToken.None));
    }

    [Fact]
    public async Task A_sweep_that_meets_a_newer_row_looks_after_the_others()
    {
        var newer = await _driver.CreateAsync(120);
        await AddAsync(TableNames.Batches, "Version", 2);
        var lost = new BatchKey(BatchDriver.Tenant, IdKind.Batch.New(DateTimeOffset.UtcNow.AddSeconds(1)));
        var active = _driver.Get<ActiveBatchStore>();
        await active.InsertAsync(new ActiveBatch(lost, newer.InputFileId, DateTimeOffset.UtcNow.AddDays(-1)), CancellationToken.None);

        await _driver.Jobs.SweepTimerAsync(CancellationToken.None);

        Assert.Equal([newer.Key], await active.ListAsync(CancellationToken.None).Select(row => row.Key).ToListAsync());
    }

    [Fact]
    public async Task What_is_due_goes_though_an_entry_before_it_is_of_a_kind_that_is_not_known()
    {
        var expiring = _driver.Get<ExpiringStore>();
        var now = DateTimeOffset.UtcNow;
        await expiring.AddAsync(EntryOf(now.AddMinutes(-2)), CancellationToken.None);
        await AddAsync(TableNames.Expiring, "Kind", "Novelty");
        await AddAsync(TableNames.Expiring, "Version", 2);
        await expiring.AddAsync(EntryOf(now.AddMinutes(-1)), CancellationToken.None);

        await _driver.Get<Expiry>().RunDueAsync(CancellationToken.None);

        Assert.Equal(["Novelty"], await ReadAsync(TableNames.Expiring, "Kind"));
    }

    [Fact]
    public async Task A_key_of_a_newer_version_lets_nobody_in_and_is_not_written_as_one_of_this_version()
    {
        var keys = _driver.Get<ApiKeyStore>();
        var key = await keys.CreateAsync(BatchDriver.Tenant, "test", CancellationToken.None);
        await AddAsync(TableNames.ApiKeys, "Version", 3);

        await Assert.ThrowsAsync<NewerRowException>(() => keys.FindAsync(key.Key, CancellationToken.None));
        await Assert.ThrowsAsync<NewerRowException>(() => keys.RevokeAsync(key.Record.Id, CancellationToken.None));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task An_input_that_another_version_has_cut_otherwise_is_not_run_in_both_ways(int missing)
    {
        var batch = await _driver.CreateAsync(250);
        var others = Enumerable.Range(0, 3 - missing).Select(number => new Chunk
        {
            Batch = batch.Key,
            Number = number,
            Offset = number * 100,
            Length = 100,
            Lines = 7,
            LinesBefore = number * 7,
        });
        await _driver.Chunks.InsertAsync([.. others], CancellationToken.None);

        await _driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);

        var failed = await _driver.ReadAsync(batch);
        Assert.Equal(BatchStatus.Failed, failed.Status);
        Assert.Contains("cut in two ways", Assert.Single(failed.Errors).Message, StringComparison.Ordinal);
        Assert.Empty(_upstream.Calls);
    }

    private static ExpiringEntry EntryOf(DateTimeOffset due)
    {
        var id = IdKind.File.New(due);
        return new ExpiringEntry(
            ExpiringKind.File, BatchDriver.Tenant, id, new BlobLocation(ContainerNames.Files, $"{BatchDriver.Tenant}/{id}"), due);
    }

    private async Task AddAsync(string table, string column, object value)
    {
        var client = _driver.Storage.Tables.GetTableClient(table);
        await foreach (var row in client.QueryAsync<TableEntity>())
        {
            row[column] = value;
            await client.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace);
        }
    }

    private async Task<IReadOnlyList<string?>> ReadAsync(string table, string column) =>
        await _driver.Storage.Tables.GetTableClient(table).QueryAsync<TableEntity>().Select(row => row.GetString(column)).ToListAsync();
}
