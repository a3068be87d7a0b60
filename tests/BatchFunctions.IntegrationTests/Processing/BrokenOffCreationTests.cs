using BatchFunctions.Batches;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>A worker dies over a creation, nobody was answered, and nobody asks again.</summary>
public sealed class BrokenOffCreationTests : DrivenTest
{
    private readonly ScriptedSteps _steps = new();

    private protected override IReadOnlyDictionary<string, string?> Settings { get; } =
        new Dictionary<string, string?> { ["Batch:SweepInterval"] = "00:00:01", ["Batch:WakeUpLost"] = "00:00:01" };

    private protected override void Configure(IServiceCollection services) => services.AddSingleton<ProtocolSteps>(_steps);

    [Fact]
    public async Task A_sweep_is_on_its_way_by_then_and_finds_the_batch()
    {
        _steps.CrashAt(ProtocolStep.BatchRowWritten);
        await Assert.ThrowsAsync<SimulatedCrashException>(() => Driver.CreateAsync(20));
        Assert.Equal(1, await Driver.WaitingAsync(QueueNames.Steps));
        var batch = (await Driver.Batches.ListAsync(BatchDriver.Tenant, null, 1, CancellationToken.None)).Batches.Single();

        await Driver.AssertPromiseAsync(await Driver.RunToEndAsync(batch), 20);
    }

    [Fact]
    public async Task A_sweep_that_cannot_be_asked_for_is_no_reason_to_make_no_batch()
    {
        await Driver.Storage.Tables.GetTableClient(TableNames.Pending).DeleteAsync();

        var batch = await Driver.CreateAsync(20);

        Assert.Equal(BatchStatus.Validating, batch.Status);
        Assert.Equal(1, await Driver.WaitingAsync(QueueNames.Steps));
    }
}
