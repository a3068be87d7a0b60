using Azure.Data.Tables;
using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.IntegrationTests.Processing;
using BatchFunctions.Processing;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;
using BatchFunctions.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace BatchFunctions.IntegrationTests.Limits;

/// <summary>What the active rows tell of batches, by which quotas are counted: the sweep keeps it about right.</summary>
public sealed class ActiveRowTests : IAsyncLifetime
{
    private readonly LeavingClient _client = new();
    private ScriptedUpstream _upstream = null!;
    private BatchDriver _driver = null!;

    public async Task InitializeAsync()
    {
        _upstream = await new ScriptedUpstream().StartAsync();
        _driver = await BatchDriver.StartAsync(
            TestStorage.NewStrictAccount(),
            _upstream.Address,
            new Dictionary<string, string?> { ["Batch:ChunkLines"] = "10" },
            services => services.AddSingleton<ProtocolSteps>(_client));
    }

    public async Task DisposeAsync()
    {
        await _driver.DisposeAsync();
        await _upstream.DisposeAsync();
    }

    [Fact]
    public async Task Lines_that_are_done_come_off_at_the_next_sweep_and_those_of_a_cancelled_batch_altogether()
    {
        var batch = await _driver.CreateAsync(30);
        Assert.Equal(("validating", 30), await SeenAsync());

        await _driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);
        Assert.Equal(("in_progress", 30), await SweptAsync());

        await _driver.Get<ChunkWork>().RunAsync(batch.Key, 1, CancellationToken.None);
        await _driver.Get<BatchAdvance>().AdvanceAsync(batch.Key, CancellationToken.None);
        Assert.Equal(("in_progress", 20), await SweptAsync());

        await _driver.Get<BatchCancellation>().CancelAsync(batch.Key, CancellationToken.None);
        Assert.Equal(("cancelling", 0), await SweptAsync());
    }

    [Fact]
    public async Task A_row_that_is_right_is_not_written_again()
    {
        var batch = await _driver.CreateAsync(30);
        await _driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);
        await SweptAsync();
        var table = _driver.Storage.Tables.GetTableClient(TableNames.ActiveBatches);
        var before = (await table.GetEntityAsync<TableEntity>(batch.Tenant, batch.Id)).Value.ETag;

        await SweptAsync();

        Assert.Equal(before, (await table.GetEntityAsync<TableEntity>(batch.Tenant, batch.Id)).Value.ETag);
    }

    [Fact]
    public async Task A_client_that_leaves_while_its_batch_is_made_leaves_no_row_that_counts()
    {
        using var leaving = new CancellationTokenSource();
        _client.LeavesBy = leaving;
        var file = await _driver.UploadAsync("{}"u8.ToArray());

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _driver.Get<BatchCreation>().TryCreateAsync(
            new NewBatch(BatchDriver.Tenant, file.Id, InputLines.Endpoint, "24h", null, null), leaving.Token));

        Assert.Empty(await _driver.Get<ActiveBatchStore>().ListAsync(CancellationToken.None).ToListAsync());
    }

    private async Task<(string Status, int Lines)> SweptAsync()
    {
        await _driver.Jobs.SweepTimerAsync(CancellationToken.None);
        return await SeenAsync();
    }

    private async Task<(string Status, int Lines)> SeenAsync()
    {
        var row = await _driver.Get<ActiveBatchStore>().ListAsync(CancellationToken.None).SingleAsync();
        return (row.Status, row.Lines);
    }

    /// <summary>A client that leaves once the first row of its batch is written.</summary>
    private sealed class LeavingClient : ProtocolSteps
    {
        public CancellationTokenSource? LeavesBy { get; set; }

        public override async ValueTask ReachedAsync(ProtocolStep step, CancellationToken ct)
        {
            if (step == ProtocolStep.ActiveRowWritten && LeavesBy is { } client)
            {
                await client.CancelAsync();
            }
        }
    }
}
