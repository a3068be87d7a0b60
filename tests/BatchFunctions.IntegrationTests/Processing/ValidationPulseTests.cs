using Azure.Core;
using Azure.Core.Pipeline;
using BatchFunctions.Batches;
using BatchFunctions.Processing;
using BatchFunctions.Protocol;
using BatchFunctions.Storage;
using BatchFunctions.Testing;
using BatchFunctions.Wakeups;
using Microsoft.Extensions.DependencyInjection;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>Who reads what is large, or comes slowly, says so in the batch's row: else the sweep would have it read twice at once.</summary>
public sealed class ValidationPulseTests : RetriedTest
{
    /// <summary>More than the time after which a sign is due.</summary>
    private static readonly TimeSpan Slowly = TimeSpan.FromMilliseconds(200);

    private readonly FaultyStorage _storage = new();

    private protected override IReadOnlyDictionary<string, string?> Settings { get; } =
        new Dictionary<string, string?> { ["Batch:ChunkLines"] = "40", ["Batch:WakeUpLost"] = "00:00:00.100" };

    private protected override void Configure(IServiceCollection services)
    {
        base.Configure(services);
        services.AddSingleton<HttpPipelinePolicy>(_storage);
    }

    [Fact]
    public async Task An_input_that_is_read_slowly()
    {
        var batch = await Driver.CreateAsync(Lines);

        Assert.NotNull((await ReadSlowlyAsync(batch, ProtocolStep.ChunkRowsWritten)).ProgressAt);
    }

    [Fact]
    public async Task Files_that_a_retrys_input_is_made_of_slowly()
    {
        var original = await EndedAsync(line => line == 7 ? 400 : null);
        Driver.Withheld.Add(BatchMessageKind.Validate);

        Assert.NotNull((await ReadSlowlyAsync((await RetryAsync(original))!, ProtocolStep.RetryInputWritten)).ProgressAt);
    }

    /// <returns>The batch as its row is at a step of its validation, whose first blob has come slowly.</returns>
    private async Task<Batch> ReadSlowlyAsync(Batch batch, ProtocolStep step)
    {
        Assert.Null(batch.ProgressAt);
        var held = Steps.HoldAt(step);
        _storage.Hold(request => request.Method == RequestMethod.Get && FaultyStorage.IsOf(request, ContainerNames.Files));
        var validating = Driver.Get<BatchValidation>().RunAsync(batch.Key, default);
        await Eventually.UntilAsync(() => _storage.IsHolding, "its first blob is asked for");
        await Task.Delay(Slowly);
        _storage.Release();
        await held.ReachedAsync();
        var row = await Driver.ReadAsync(batch);
        held.Release();
        await validating;
        return row;
    }
}
