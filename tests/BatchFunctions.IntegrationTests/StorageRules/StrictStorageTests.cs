using Azure;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Azure.Storage.Queues;
using BatchFunctions.StrictStorage;
using BatchFunctions.StrictStorage.Chance;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.IntegrationTests.StorageRules;

/// <summary>What only the strict storage can be asked: its clock, its chances, and what it does not know.</summary>
public sealed class StrictStorageTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task What_is_not_built_is_refused_by_its_name()
    {
        var blob = await NewBlobAsync(new StorageAccount(_time));

        var refused = await Assert.ThrowsAsync<RequestFailedException>(() => blob.CreateSnapshotAsync());

        Assert.Equal(501, refused.Status);
        Assert.Contains("blob PUT /things/a?comp=snapshot", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_header_that_is_not_understood_is_refused_by_its_name()
    {
        var blob = await NewBlobAsync(new StorageAccount(_time));

        var refused = await Assert.ThrowsAsync<RequestFailedException>(
            () => blob.DeleteAsync(conditions: new BlobRequestConditions { LeaseId = Guid.Empty.ToString() }));

        Assert.Equal(501, refused.Status);
        Assert.Contains("the header x-ms-lease-id", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Blocks_that_nobody_commits_are_gone_after_a_week()
    {
        var blob = await NewBlobAsync(new StorageAccount(_time));
        await StageAsync(blob, 1);
        _time.Advance(TimeSpan.FromDays(6));
        await StageAsync(blob, 2);
        _time.Advance(TimeSpan.FromDays(7) - TimeSpan.FromSeconds(1));
        Assert.Equal(2, (await blob.GetBlockListAsync(BlockListTypes.All)).Value.UncommittedBlocks.Count());

        _time.Advance(TimeSpan.FromSeconds(1));

        var gone = await Assert.ThrowsAsync<RequestFailedException>(() => blob.GetBlockListAsync(BlockListTypes.All));
        Assert.Equal("BlobNotFound", gone.ErrorCode);
        var refused = await Assert.ThrowsAsync<RequestFailedException>(() => blob.CommitBlockListAsync([IdOf(1)]));
        Assert.Equal("InvalidBlockList", refused.ErrorCode);
    }

    [Fact]
    public async Task A_blob_has_at_most_a_hundred_thousand_uncommitted_blocks()
    {
        var blob = await NewBlobAsync(new StorageAccount(_time));
        for (var i = 0; i < 100_000; i++)
        {
            await StageAsync(blob, i);
        }

        var refused = await Assert.ThrowsAsync<RequestFailedException>(() => StageAsync(blob, 100_000));

        Assert.Equal((409, "BlockCountExceedsLimit"), (refused.Status, refused.ErrorCode));
        await StageAsync(blob, 0);
    }

    [Fact]
    public async Task Messages_come_by_storages_clock()
    {
        var queue = await NewQueueAsync(new StorageAccount(_time));
        await queue.SendMessageAsync("a", TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(10));

        Assert.Empty((await queue.ReceiveMessagesAsync()).Value);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(_time.GetUtcNow().AddMinutes(-1), Assert.Single((await queue.ReceiveMessagesAsync(1, TimeSpan.FromMinutes(2))).Value).InsertedOn);
        Assert.Empty((await queue.ReceiveMessagesAsync()).Value);
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(2, Assert.Single((await queue.ReceiveMessagesAsync(1, TimeSpan.FromMinutes(2))).Value).DequeueCount);
        _time.Advance(TimeSpan.FromMinutes(7));
        Assert.Empty((await queue.ReceiveMessagesAsync()).Value);
    }

    [Fact]
    public async Task The_name_of_what_was_deleted_is_free_after_a_while()
    {
        var queue = await NewQueueAsync(new StorageAccount(_time));
        await queue.DeleteAsync();
        _time.Advance(TimeSpan.FromSeconds(30));

        Assert.Equal(201, (await queue.CreateAsync()).Status);
    }

    [Fact]
    public async Task Pages_that_chance_makes_short_or_empty_have_all_rows_in_the_end()
    {
        var table = await NewTableAsync(new StorageAccount(_time, new SeededChance(1)), rows: 50);
        var counts = new List<int>();

        for (var i = 0; i < 20; i++)
        {
            var rows = new List<string>();
            await foreach (var page in table.QueryAsync<TableEntity>(maxPerPage: 10).AsPages())
            {
                counts.Add(page.Values.Count);
                rows.AddRange(page.Values.Select(row => row.RowKey));
            }

            Assert.Equal(Enumerable.Range(0, 50).Select(row => $"{row:D2}"), rows);
        }

        Assert.Contains(0, counts);
        Assert.Contains(counts, count => count is > 0 and < 10);
        Assert.Contains(10, counts);
    }

    [Fact]
    public async Task A_table_of_thousands_keeps_the_order_of_its_keys_while_entities_come_and_go()
    {
        var table = await NewTableAsync(new StorageAccount(_time), rows: 0);
        var random = new Random(5);
        var kept = new SortedSet<string>(StringComparer.Ordinal);
        for (var round = 0; round < 80; round++)
        {
            foreach (var gone in kept.Where(_ => random.Next(40) == 0).Take(100).ToList())
            {
                await table.DeleteEntityAsync("p", gone);
                kept.Remove(gone);
            }

            // Some in the order of their keys, others in between.
            var added = Enumerable.Range(0, 100)
                .Select(i => round % 2 == 0 ? $"m{(round * 100) + i:D6}" : $"{random.Next():x8}").Where(kept.Add).Distinct().ToList();
            await table.SubmitTransactionAsync(added.Select(row => new TableTransactionAction(TableTransactionActionType.Add, new TableEntity("p", row))));
        }

        await table.AddEntityAsync(new TableEntity("o", "m"));
        await table.AddEntityAsync(new TableEntity("q", "m"));
        Assert.True(kept.Count > 2048, $"{kept.Count}");
        Assert.Equal(kept, await RowsAsync(table, "PartitionKey eq 'p'"));
        Assert.Equal(
            kept.Where(row => string.CompareOrdinal(row, "6") > 0 && string.CompareOrdinal(row, "m004") <= 0),
            await RowsAsync(table, "PartitionKey eq 'p' and RowKey gt '6' and RowKey le 'm004'"));
        Assert.Empty(await RowsAsync(table, "PartitionKey eq 'p' and RowKey gt 'm' and RowKey lt '6'"));
        Assert.Equal(["m", .. kept, "m"], await RowsAsync(table, null));
    }

    [Fact]
    public async Task Messages_come_in_no_order_some_of_them_twice_and_by_the_seed()
    {
        var first = await ReceivedAsync(new SeededChance(7));

        Assert.Equal(Enumerable.Range(0, 30).Select(i => $"{i}").Order(), first.Distinct().Order());
        Assert.NotEqual(first.Distinct(), first.Distinct().OrderBy(text => int.Parse(text, null)));
        Assert.True(first.Count > 30);
        Assert.Equal(first, await ReceivedAsync(new SeededChance(7)));
        Assert.NotEqual(first, await ReceivedAsync(new SeededChance(8)));
    }

    [Theory]
    [InlineData(StorageFault.RequestLost, 0, false)]
    [InlineData(StorageFault.AnswerLost, 0, true)]
    [InlineData(StorageFault.ServerBusy, 503, false)]
    [InlineData(StorageFault.Failed, 500, false)]
    [InlineData(StorageFault.TimedOut, 500, true)]
    public async Task A_request_fails_before_or_after_it_took_effect(StorageFault fault, int status, bool takesEffect)
    {
        var chance = new OneFate();
        var table = await NewTableAsync(new StorageAccount(_time, chance), rows: 0);

        chance.Next = new StorageFate(fault);
        var failed = await Assert.ThrowsAsync<RequestFailedException>(() => table.AddEntityAsync(new TableEntity("p", "r")));

        Assert.Equal(status, failed.Status);
        Assert.Equal(takesEffect, (await table.GetEntityIfExistsAsync<TableEntity>("p", "r")).HasValue);
    }

    [Fact]
    public async Task A_request_and_its_answer_are_under_way_on_storages_clock()
    {
        var chance = new OneFate();
        var account = new StorageAccount(_time, chance);
        var (table, other) = (await NewTableAsync(account, rows: 0), Tables(account));

        chance.Next = new StorageFate(StorageFault.None, TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(3));
        var adding = table.AddEntityAsync(new TableEntity("p", "r"));

        Assert.False((await other.GetEntityIfExistsAsync<TableEntity>("p", "r")).HasValue);
        _time.Advance(TimeSpan.FromMinutes(2));
        await Testing.Eventually.UntilAsync(
            async () => (await other.GetEntityIfExistsAsync<TableEntity>("p", "r")).HasValue, TimeSpan.FromSeconds(30), "the row is there");
        Assert.False(adding.IsCompleted);
        await Testing.Eventually.UntilAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromMinutes(3));
                return Task.FromResult(adding.IsCompleted);
            },
            TimeSpan.FromSeconds(30),
            "the answer is there");
        Assert.Equal(204, (await adding).Status);
    }

    private static async Task<List<string>> ReceivedAsync(StorageChance chance)
    {
        var time = new FakeTimeProvider();
        var queue = await NewQueueAsync(new StorageAccount(time, chance));
        for (var i = 0; i < 30; i++)
        {
            await queue.SendMessageAsync($"{i}");
        }

        var received = new List<string>();
        for (var messages = (await queue.ReceiveMessagesAsync(8)).Value; messages.Length > 0; messages = (await queue.ReceiveMessagesAsync(8)).Value)
        {
            received.AddRange(messages.Select(message => message.Body.ToString()));
        }

        return received;
    }

    private static async Task<List<string>> RowsAsync(TableClient table, string? filter) =>
        await table.QueryAsync<TableEntity>(filter, select: ["PartitionKey", "RowKey"]).Select(row => row.RowKey).ToListAsync();

    private static async Task<BlockBlobClient> NewBlobAsync(StorageAccount account)
    {
        var options = new BlobClientOptions { Transport = account.Transport };
        options.Retry.MaxRetries = 0;
        var container = new BlobServiceClient(account.ConnectionString, options).GetBlobContainerClient("things");
        await container.CreateAsync();
        return container.GetBlockBlobClient("a");
    }

    private static async Task<QueueClient> NewQueueAsync(StorageAccount account)
    {
        var queue = new QueueServiceClient(account.ConnectionString, new QueueClientOptions { Transport = account.Transport }).GetQueueClient("things");
        await queue.CreateAsync();
        return queue;
    }

    private static async Task<TableClient> NewTableAsync(StorageAccount account, int rows)
    {
        var table = Tables(account);
        await table.CreateAsync();
        for (var row = 0; row < rows; row++)
        {
            await table.AddEntityAsync(new TableEntity("p", $"{row:D2}"));
        }

        return table;
    }

    private static TableClient Tables(StorageAccount account)
    {
        var options = new TableClientOptions { Transport = account.Transport };
        options.Retry.MaxRetries = 0;
        return new TableServiceClient(account.ConnectionString, options).GetTableClient("things");
    }

    private static string IdOf(int number) => Convert.ToBase64String(BitConverter.GetBytes(number));

    private static async Task StageAsync(BlockBlobClient blob, int number)
    {
        using var content = new MemoryStream([1]);
        await blob.StageBlockAsync(IdOf(number), content);
    }
}
