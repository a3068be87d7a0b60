using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using BatchFunctions.Ids;
using BatchFunctions.Storage;
using BatchFunctions.Testing;
using BatchFunctions.Testing.Metering;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Time.Testing;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>Who sends the message of a wake-up that many ask for.</summary>
public sealed class WakeupTests
{
    private static readonly BatchKey Batch = new("local", "batch_1");

    private readonly FaultyStorage _storage = new();
    private readonly StorageCounts _counts = new();
    private TableClient? _pending;

    [Fact]
    public async Task Of_many_who_ask_one_sends_and_each_costs_one_request()
    {
        var wakeups = await CreateAsync();

        var sends = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ =>
            wakeups.TryAddAdvanceAsync(Batch, CancellationToken.None)));

        Assert.Single(sends, isSender => isSender);
        Assert.Equal(50, _counts.Use.Total);
    }

    [Fact]
    public async Task One_whose_answer_was_lost_knows_the_row_for_its_own_and_sends()
    {
        var wakeups = await CreateAsync();
        _storage.LoseAnswerOf(request => request.Method == RequestMethod.Post);

        Assert.True(await wakeups.TryAddAdvanceAsync(Batch, CancellationToken.None));

        Assert.Equal(1, _storage.Lost);
        Assert.False(await wakeups.TryAddAdvanceAsync(Batch, CancellationToken.None));
    }

    [Fact]
    public async Task A_hold_that_has_lapsed_is_taken_up_though_the_answer_to_its_removal_was_lost()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var wakeups = await CreateAsync(time);
        Assert.True(await wakeups.Holds.TryHoldAsync("dead", TimeSpan.FromSeconds(20), CancellationToken.None));
        time.Advance(TimeSpan.FromSeconds(21));
        _storage.LoseAnswerOf(request => request.Method == RequestMethod.Delete);

        Assert.True(await wakeups.Holds.TryTakeLapsedAsync(TimeSpan.FromSeconds(20), CancellationToken.None));

        Assert.Equal(1, _storage.Lost);
        Assert.False(await wakeups.Holds.TryTakeLapsedAsync(TimeSpan.FromSeconds(20), CancellationToken.None));
    }

    /// <summary>No partition takes the writes of all, and one query finds those of all that are late.</summary>
    [Fact]
    public async Task Advances_stand_in_sixteen_partitions_and_are_found_in_each()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var wakeups = await CreateAsync(time);
        BatchKey[] batches = [.. Enumerable.Range(0, 200).Select(number => new BatchKey("local", IdKind.Batch.New(DateTimeOffset.UnixEpoch.AddYears(56).AddMilliseconds(number * 37))))];
        await Task.WhenAll(batches.Select(batch => wakeups.TryAddAdvanceAsync(batch, CancellationToken.None)));
        var partitions = await _pending!.QueryAsync<TableEntity>().Select(row => row.PartitionKey).ToListAsync();
        Assert.Equal(16, partitions.Distinct().Count());
        Assert.All(partitions.GroupBy(name => name), rows => Assert.InRange(rows.Count(), 2, 40));

        time.Advance(TimeSpan.FromMinutes(1));
        var late = await wakeups.TakeOverLateAdvancesAsync(TimeSpan.FromSeconds(10), CancellationToken.None).ToListAsync();

        Assert.Equal(batches.Select(batch => batch.Id).Order(), late.Select(batch => batch.Id).Order());
        _counts.Clear();
        Assert.All(batches[..10], batch => Assert.True(wakeups.TryTakeAdvanceAsync(batch, CancellationToken.None).Result));
        Assert.Equal(10, _counts.Use.Total);
    }

    [Fact]
    public async Task What_an_earlier_version_asked_for_is_taken_up_and_found_when_it_is_late()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var wakeups = await CreateAsync(time);
        var batch = new BatchKey("local", IdKind.Batch.New(DateTimeOffset.UtcNow));
        await AskAsBeforeAsync();
        Assert.True(await wakeups.TryTakeAdvanceAsync(batch, CancellationToken.None));
        Assert.False(await wakeups.TryTakeAdvanceAsync(batch, CancellationToken.None));

        await AskAsBeforeAsync();
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal([batch], await wakeups.TakeOverLateAdvancesAsync(TimeSpan.FromSeconds(10), CancellationToken.None).ToListAsync());

        Task AskAsBeforeAsync() => _pending!.AddEntityAsync(
            new TableEntity("advance", batch.Id) { ["Tenant"] = batch.Tenant, ["AskedAt"] = time.GetUtcNow() });
    }

    private async Task<WakeupStore> CreateAsync(TimeProvider? time = null)
    {
        var account = TestStorage.NewStrictAccount();
        var settings = new ConfigurationBuilder().AddInMemoryCollection(
            new Dictionary<string, string?> { [StorageClients.Connection] = account }).Build();
        var clients = new StorageClients(settings, new HttpPipelinePolicy[] { _storage, _counts }, TestService.WayTo(account));
        await clients.CreateAllAsync(CancellationToken.None);
        _counts.Clear();
        _pending = clients.Tables.GetTableClient(TableNames.Pending);
        return new WakeupStore(clients, time ?? TimeProvider.System);
    }
}
