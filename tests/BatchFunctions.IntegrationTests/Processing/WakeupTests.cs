using Azure.Core;
using Azure.Core.Pipeline;
using BatchFunctions.Ids;
using BatchFunctions.Storage;
using BatchFunctions.Testing;
using BatchFunctions.Testing.Metering;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.Configuration;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>Who sends the message of a wake-up that many ask for.</summary>
public sealed class WakeupTests
{
    private static readonly BatchKey Batch = new("local", "batch_1");

    private readonly FaultyStorage _storage = new();
    private readonly StorageCounts _counts = new();

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

    private async Task<WakeupStore> CreateAsync()
    {
        var account = TestStorage.NewStrictAccount();
        var settings = new ConfigurationBuilder().AddInMemoryCollection(
            new Dictionary<string, string?> { [StorageClients.Connection] = account }).Build();
        var clients = new StorageClients(settings, new HttpPipelinePolicy[] { _storage, _counts }, TestService.WayTo(account));
        await clients.CreateAllAsync(CancellationToken.None);
        _counts.Clear();
        return new WakeupStore(clients, TimeProvider.System);
    }
}
