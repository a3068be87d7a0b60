using BatchFunctions.Batches;
using BatchFunctions.Processing;
using BatchFunctions.Protocol;
using Microsoft.Extensions.DependencyInjection;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>A batch of one chunk ends in one write of its row, whatever comes between that and the chunk's end.</summary>
public sealed class SmallBatchEndTests : DrivenTest
{
    private const int Lines = 3;

    private readonly ScriptedSteps _steps = new();

    private protected override IReadOnlyDictionary<string, string?> Settings { get; } = new Dictionary<string, string?>();

    private protected override void Configure(IServiceCollection services) => services.AddSingleton<ProtocolSteps>(_steps);

    [Fact]
    public async Task It_runs_until_its_files_are_whole_and_is_complete_with_the_next_write()
    {
        var batch = await Driver.CreateAsync(Lines);
        var (held, validation) = await HeldAsync(batch);
        Assert.Equal(BatchStatus.InProgress, (await Driver.ReadAsync(batch)).Status);
        held.Release();
        await validation;

        var ended = await Driver.ReadAsync(batch);
        Assert.Equal(BatchStatus.Completed, ended.Status);
        Assert.NotNull(ended.FinalizingAt);
        Assert.InRange(ended.CompletedAt!.Value, ended.FinalizingAt.Value, ended.FinalizingAt.Value.AddSeconds(1));
        await Driver.AssertPromiseAsync(ended, Lines);
    }

    [Fact]
    public async Task A_cancel_that_is_faster_stands_and_what_was_answered_is_there()
    {
        var batch = await Driver.CreateAsync(Lines);
        var (held, validation) = await HeldAsync(batch);
        var cancelling = await Driver.Batches.MutateAsync(batch.Key, current => current.Cancel(DateTimeOffset.UtcNow), CancellationToken.None);
        Assert.Equal(BatchStatus.Cancelling, cancelling!.Status);
        held.Release();
        await validation;

        var ended = await Driver.ReadAsync(batch);
        Assert.Equal((BatchStatus.Cancelled, Lines), (ended.Status, ended.Counts.Completed));
        await Driver.AssertPromiseAsync(ended, Lines);
    }

    [Theory]
    [InlineData(nameof(ProtocolStep.OutputFileWritten))]
    [InlineData(nameof(ProtocolStep.ErrorFileWritten))]
    public async Task A_process_that_dies_before_that_write_leaves_what_the_next_advance_finishes(string step)
    {
        var batch = await Driver.CreateAsync(Lines);
        _steps.CrashAt(Enum.Parse<ProtocolStep>(step));
        await Assert.ThrowsAnyAsync<Exception>(() => Driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None));
        Assert.Equal(BatchStatus.InProgress, (await Driver.ReadAsync(batch)).Status);

        await Driver.Get<BatchAdvance>().AdvanceAsync(batch.Key, CancellationToken.None);
        var ended = await Driver.ReadAsync(batch);
        Assert.Equal(BatchStatus.Completed, ended.Status);
        await Driver.AssertPromiseAsync(ended, Lines);
    }

    private async Task<(ScriptedSteps.Held Held, Task Validation)> HeldAsync(Batch batch)
    {
        var held = _steps.HoldAt(ProtocolStep.ErrorFileWritten);
        var validation = Driver.Get<BatchValidation>().RunAsync(batch.Key, CancellationToken.None);
        await held.ReachedAsync();
        return (held, validation);
    }
}
