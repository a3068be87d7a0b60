using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Http;
using BatchFunctions.Protocol;
using BatchFunctions.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace BatchFunctions.IntegrationTests.Processing;

/// <summary>A test in which batches are retried.</summary>
public abstract class RetriedTest : DrivenTest
{
    private protected const int Lines = 90;

    private protected ScriptedSteps Steps { get; } = new();

    private protected override IReadOnlyDictionary<string, string?> Settings { get; } =
        new Dictionary<string, string?> { ["Batch:ChunkLines"] = "40", ["Batch:Upstream:MaxAttempts"] = "1" };

    private protected override void Configure(IServiceCollection services) => services.AddSingleton<ProtocolSteps>(Steps);

    /// <summary>A batch that has ended.</summary>
    /// <param name="refusal">The status that a line is refused with; null if it is answered.</param>
    private protected async Task<Batch> EndedAsync(Func<int, int?> refusal)
    {
        Upstream.Answer(call => refusal(int.Parse(call.Marker[1..], null)) is { } status
            ? ScriptedAnswer.Error(status)
            : ScriptedAnswer.Chat(call));
        var batch = await Driver.CreateAsync(Lines);
        Driver.StartPump();
        return await Driver.WaitForEndAsync(batch);
    }

    private protected Task<Batch?> RetryAsync(Batch original, params string[] only) =>
        Driver.Get<BatchRetry>().TryRetryAsync(original.Key, new RetryRequest(only, null, null, null), default);

    private protected Task<Batch?> NameAsync(Batch original, string id) =>
        Driver.Batches.NoteRetriesAsync(original.Key, (_, _) => Task.FromResult<IReadOnlyList<string>>([id]), default);

    private protected async Task RefusedAsync(Batch batch, int status, string why)
    {
        var before = await Driver.Get<ActiveBatchStore>().CountAsync(100, default);
        var e = await Assert.ThrowsAsync<ApiException>(() => RetryAsync(batch));
        Assert.Equal(status, e.Error.Status);
        Assert.Contains(why, e.Error.Message, StringComparison.Ordinal);
        Assert.Equal(before, await Driver.Get<ActiveBatchStore>().CountAsync(100, default));
    }
}
